/** Resolves a pod's priority class to its number, and keeps one default among the classes. Upstream: plugin/priority. */
import { type Pod, type PriorityClass, priorityClasses } from '../../api/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';

const preemptLowerPriority = 'PreemptLowerPriority';

export function priority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: (verb, { name }, subresource) =>
      subresource === undefined &&
      (name === 'pods' ? verb === 'create' : name === 'priorityclasses.scheduling.k8s.io' && verb !== 'delete'),
    async admit({ object, resource, name }) {
      const pod = object as Pod;
      if (resource.name !== 'pods' || !pod.spec) return object;
      const wanted = pod.spec.priorityClassName;
      const found = wanted ? await reader.get(priorityClasses, wanted) : await findGlobalDefault(reader);
      if (wanted && !found) throw forbidden(resource.type, name, `no PriorityClass with name ${wanted} was found`);
      const computed = { priority: found?.value ?? 0, policy: found?.preemptionPolicy ?? preemptLowerPriority };
      const problem = contradiction(pod, computed);
      if (problem !== undefined) throw forbidden(resource.type, name, problem);
      const spec = {
        ...pod.spec,
        priority: computed.priority,
        preemptionPolicy: computed.policy,
        ...(found ? { priorityClassName: found.metadata.name } : {}),
      };
      return { ...pod, spec };
    },
    async validate({ object, resource, name }) {
      if (resource.name === 'pods' || !(object as PriorityClass).globalDefault) return;
      const known = await findGlobalDefault(reader);
      if (!known || known.metadata.name === name) return;
      const detail = `PriorityClass ${known.metadata.name} is already marked as default. Only one default can exist`;
      throw forbidden(resource.type, name, detail);
    },
  };
}

/** What the pod says of its priority although its class says otherwise. */
function contradiction({ spec }: Pod, computed: { priority: number; policy: string }): string | undefined {
  if (spec?.priority !== undefined && spec.priority !== computed.priority) {
    return `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${computed.priority} from the given PriorityClass name`;
  }
  if (spec?.preemptionPolicy !== undefined && spec.preemptionPolicy !== computed.policy) {
    return `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${computed.policy} from the given PriorityClass name`;
  }
  return undefined;
}

/** The class of pods that name none: of several the one of the lowest value. */
async function findGlobalDefault(reader: ObjectReader): Promise<PriorityClass | undefined> {
  let lowest: PriorityClass | undefined;
  for (const candidate of await reader.list(priorityClasses)) {
    if (candidate.globalDefault && (!lowest || (candidate.value ?? 0) < (lowest.value ?? 0))) lowest = candidate;
  }
  return lowest;
}
