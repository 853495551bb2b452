/** Containers get what the namespace's LimitRanges give by default; what they forbid is refused. Upstream: plugin/limitranger. */
import {
  type Container,
  type LimitRange,
  limitRanges,
  type PersistentVolumeClaim,
  type Pod,
  type ResourceList,
} from '../../api/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';
import { claimProblems, podProblems } from './limit-constraints.ts';

const annLimitRanger = 'kubernetes.io/limit-ranger';

export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'LimitRanger',
    handles(verb, { name }, subresource) {
      if (name === 'persistentvolumeclaims') return verb !== 'delete' && subresource === undefined;
      // Containers never change, save through a resize.
      if (name === 'pods') return verb === 'create' ? subresource === undefined : subresource === 'resize';
      return false;
    },
    async admit({ object, namespace, resource, verb }) {
      if (resource.name !== 'pods' || verb !== 'create') return object;
      const ranges = await reader.list(limitRanges, namespace);
      return ranges.reduce(withDefaults, object as Pod);
    },
    async validate({ object, previous, namespace, resource, name }) {
      if (previous?.metadata.deletionTimestamp) return;
      for (const range of await reader.list(limitRanges, namespace)) {
        const problems =
          resource.name === 'pods'
            ? podProblems(range, object as Pod)
            : claimProblems(range, object as PersistentVolumeClaim);
        if (problems.length > 0) throw forbidden(resource.type, name, aggregate(problems));
      }
    },
  };
}

/** Several errors as Kubernetes prints them: each once. */
function aggregate(problems: readonly string[]): string {
  const [first = '', ...others] = new Set(problems);
  return others.length === 0 ? first : `[${[first, ...others].join(', ')}]`;
}

/** The pod with what its containers leave open, and with a note of what was filled in. */
function withDefaults(pod: Pod, { spec }: LimitRange): Pod {
  const items = spec?.limits.filter(({ type }) => type === 'Container') ?? [];
  const requests: ResourceList = Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest));
  const limits: ResourceList = Object.assign({}, ...items.map((item) => item.default));
  const notes: string[] = [];
  const fill = (container: Container, kind: string) => {
    const filled = withAmounts(container, { requests, limits });
    notes.push(...filled.notes.map((note) => `${note} for ${kind} ${container.name}`));
    return filled.container;
  };
  if (!pod.spec) return pod;
  const containers = pod.spec.containers.map((container) => fill(container, 'container'));
  const initContainers = pod.spec.initContainers?.map((container) => fill(container, 'init container'));
  if (notes.length === 0) return pod;
  const annotations = { ...pod.metadata.annotations, [annLimitRanger]: `LimitRanger plugin set: ${notes.join('; ')}` };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: { ...pod.spec, containers, ...(initContainers ? { initContainers } : {}) },
  };
}

function withAmounts(
  container: Container,
  given: { readonly requests: ResourceList; readonly limits: ResourceList },
): { readonly container: Container; readonly notes: readonly string[] } {
  const { resources = {} } = container;
  const missing = (side: 'requests' | 'limits') =>
    Object.keys(given[side])
      .filter((name) => resources[side]?.[name] === undefined)
      .sort();
  const [requests, limits] = [missing('requests'), missing('limits')];
  if (requests.length + limits.length === 0) return { container, notes: [] };
  const filled = {
    ...resources,
    requests: { ...given.requests, ...resources.requests },
    limits: { ...given.limits, ...resources.limits },
  };
  const notes = [
    ...(requests.length > 0 ? [`${requests.join(', ')} request`] : []),
    ...(limits.length > 0 ? [`${limits.join(', ')} limit`] : []),
  ];
  return { container: { ...container, resources: filled }, notes };
}
