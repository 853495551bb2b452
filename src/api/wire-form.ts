/**
 * Fields that Go writes as null when they are empty: they have neither a zero value that is left out nor a pointer.
 * In this program such a field is absent; only what leaves it as JSON has the null.
 */
import type { KubernetesObject } from './meta/resource-type.ts';
import type { CSINode, Event, Pod } from './types.ts';

type Form = (object: never) => unknown;

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['v1/Pod', podForm],
  ['v1/Event', eventForm],
  ['storage.k8s.io/v1/CSINode', csiNodeForm],
]);

function podForm(pod: Pod): unknown {
  const conditions = pod.status?.conditions;
  if (!conditions) return pod;
  const withProbes = conditions.map((condition) => ({ lastProbeTime: null, ...condition }));
  return { ...pod, status: { ...pod.status, conditions: withProbes } };
}

function eventForm(event: Event): unknown {
  return 'involvedObject' in event ? { eventTime: null, ...event } : event;
}

function csiNodeForm(csiNode: CSINode): unknown {
  // The object of a bookmark has its metadata only.
  if (!(csiNode.spec as CSINode['spec'] | undefined)) return csiNode;
  const drivers = csiNode.spec.drivers.map((driver) => ({ topologyKeys: null, ...driver }));
  return { ...csiNode, spec: { ...csiNode.spec, drivers } };
}

/** The value as it is written: an object of one of those kinds with its nulls, anything else as it is. */
export function wireForm(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { apiVersion, kind, items } = value as Partial<KubernetesObject> & { readonly items?: unknown };
  if (Array.isArray(items)) return { ...value, items: items.map(wireForm) };
  const form = kind === undefined ? undefined : forms.get(`${apiVersion}/${kind}`);
  return form ? form(value as never) : value;
}
