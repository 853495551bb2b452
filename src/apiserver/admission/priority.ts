/** Resolves a pod's priority class to its number. Upstream: plugin/priority. */
import { type Pod, type PriorityClass, priorityClasses } from '../../api/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';

const preemptLowerPriority = 'PreemptLowerPriority';

export function priority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: (verb, { name }, subresource) => verb === 'create' && name === 'pods' && subresource === undefined,
    async admit({ object, resource, name }) {
      const pod = object as Pod;
      if (!pod.spec) return pod;
      const wanted = pod.spec.priorityClassName;
      const found = wanted ? await reader.get(priorityClasses, wanted) : await findGlobalDefault(reader);
      if (wanted && !found) throw forbidden(resource.type, name, `no PriorityClass with name ${wanted} was found`);
      const value = found?.value ?? 0;
      if (pod.spec.priority !== undefined && pod.spec.priority !== value) {
        const detail = `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
        throw forbidden(resource.type, name, detail);
      }
      const spec = {
        ...pod.spec,
        priority: value,
        preemptionPolicy: pod.spec.preemptionPolicy ?? found?.preemptionPolicy ?? preemptLowerPriority,
        ...(found ? { priorityClassName: found.metadata.name } : {}),
      };
      return { ...pod, spec };
    },
  };
}

/** The class of pods that name none: of several the one of the lowest value. */
async function findGlobalDefault(reader: ObjectReader): Promise<PriorityClass | undefined> {
  let lowest: PriorityClass | undefined;
  for (const candidate of await reader.list(priorityClasses)) {
    if (candidate.globalDefault && (!lowest || (candidate.value ?? 0) < (lowest.value ?? 0))) lowest = candidate;
  }
  return lowest;
}
