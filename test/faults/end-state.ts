/** What a run leaves behind, without what differs from run to run. */
import { builtInResources, type KubernetesObject, keyOf } from '../../src/api/index.ts';
import type { ControlPlane } from '../integration/support/control-plane.ts';
import type { FakeDriver } from '../integration/support/fake-driver.ts';
import type { Machine } from './machine/machine.ts';
import { machineStateOf } from './machine/machine-state.ts';

const notCompared: ReadonlySet<string> = new Set(['events', 'leases']);

/** Fields that tell when or how often, not what. */
const masked: ReadonlySet<string> = new Set([
  'resourceVersion',
  'generation',
  'observedGeneration',
  'collisionCount',
  'creationTimestamp',
  'managedFields',
  'lastTransitionTime',
  'lastUpdateTime',
  'lastProbeTime',
  'lastPhaseTransitionTime',
  'lastHeartbeatTime',
  'startTime',
  'startedAt',
  'finishedAt',
  'containerID',
  'renewTime',
  'timeAdded',
  // Of the process that made the volume.
  'storage.kubernetes.io/csiProvisionerIdentity',
  // Random, and as good as any other.
  'signing-key',
  // Of the process that reported the attachment to the node last.
  'stowage.io/reported-by',
]);

/** The sets among the lists. */
const unordered: ReadonlySet<string> = new Set(['finalizers', 'volumesInUse', 'taints']);

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** Each value in the object as `.path=value`. */
function leavesOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}=${JSON.stringify(value)}`];
  const entries = Object.entries(value).filter(([key]) => !masked.has(key));
  if (entries.length === 0) return [`${path}={}`];
  return entries.flatMap(([key, inner]) => {
    const sorted = unordered.has(key) && Array.isArray(inner) ? inner.toSorted(byText) : inner;
    return leavesOf(sorted, `${path}.${key}`);
  });
}

/** One text per value in an object and per thing of the backend. Uids are replaced by the names of what they belong to. */
export async function endStateOf(
  plane: ControlPlane,
  backend: FakeDriver,
  machines: Iterable<Machine> = [],
): Promise<string[]> {
  const objects: { plural: string; object: KubernetesObject }[] = [];
  const seen = new Set<string>();
  for (const resource of builtInResources) {
    const { plural, group } = resource;
    if (notCompared.has(plural) || seen.has(`${group}/${plural}`) || !('kind' in resource)) continue;
    seen.add(`${group}/${plural}`);
    const { items } = await plane.client.list(resource);
    for (const object of items) objects.push({ plural, object });
  }
  const names = new Map<string, string>();
  // Claims first: volumes have their uids in their names, and attachments a hash of that.
  for (const { plural, object } of objects.toSorted((a, b) => rank(a.plural) - rank(b.plural)))
    names.set(object.metadata.uid, `<uid of ${plural} ${symbolic(nameOf(object), names)}>`);
  const lines = objects.flatMap(({ plural, object }) =>
    leavesOf(object).map((leaf) => `${plural} ${nameOf(object)}${leaf}`),
  );
  lines.push(...[...backend.volumes.keys()].map((name) => `backend volume ${name}`));
  lines.push(...[...backend.snapshotted.taken].map(([name, { id }]) => `backend snapshot ${name} ${id}`));
  const asked = Map.groupBy(new Set(backend.creations), (text) => JSON.parse(text).name);
  lines.push(...[...asked].map(([name, texts]) => `backend was asked for ${name} in ${texts.length} ways`));
  lines.push(...[...backend.contents].map(([id, source]) => `backend content of ${id} ${source}`));
  lines.push(...[...backend.sizes].map(([id, size]) => `backend size of ${id} ${size}`));
  lines.push(...[...backend.attributes].map(([id, of]) => `backend attributes of ${id} ${JSON.stringify(of)}`));
  lines.push(...[...backend.published].map((place) => `backend published ${place}`));
  for (const machine of machines) lines.push(...(await machineStateOf(machine)));
  return lines.map((line) => symbolic(line, names)).sort();
}

function rank(plural: string): number {
  return ['persistentvolumeclaims', 'persistentvolumes', 'volumesnapshots'].indexOf(plural) >>> 0;
}

function nameOf(object: KubernetesObject): string {
  const { spec } = object as { spec?: { source?: { persistentVolumeName?: string }; nodeName?: string } };
  return spec?.source && spec.nodeName ? `${spec.source.persistentVolumeName} on ${spec.nodeName}` : keyOf(object);
}

/** Names that are a hash of, or end in, something random. */
const randomNames = [
  { pattern: /\bcsi-[0-9a-f]{64}\b/g, instead: 'csi-<hash>' },
  { pattern: /\b((?:web|once)(?:-[0-9a-z]{8,10})?)-[a-z0-9]{5}\b/g, instead: '$1-<random>' },
  { pattern: /\.\.\d{4}(?:_\d\d){5}\.\d+/g, instead: '..<time>' },
  { pattern: /(?<=kubernetes\.io\/csi\/[^/]+\/)[0-9a-f]{64}\b/g, instead: '<hash>' },
  { pattern: /(?<=\/containers\/main\/)[0-9a-f]{8}\b/g, instead: '<hash>' },
  { pattern: /kube-api-access-[a-z0-9]{5}\b/g, instead: 'kube-api-access-<random>' },
];

const uidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function symbolic(line: string, names: ReadonlyMap<string, string>): string {
  const withNames = line.replace(uidPattern, (uid) => names.get(uid) ?? '<uid of what is gone>');
  return randomNames.reduce((text, { pattern, instead }) => text.replace(pattern, instead), withNames);
}
