/** A server full of objects that make no sense: everything goes on working, quietly, for those that do. */
import { describe, expect, it } from 'vitest';
import {
  builtInResources,
  configMaps,
  coreEvents,
  csiDrivers,
  eventsV1,
  type KubernetesObject,
  leases,
  namespaces,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  type ResourceType,
  replicaSets,
  secrets,
  statefulSets,
} from '../../src/api/index.ts';
import { type LogFields, type Logger, messageOf, seededRandom } from '../../src/base/index.ts';
import { startDisruptionController, startReplicaSetController } from '../../src/controllers/index.ts';
import { World } from '../faults/world.ts';
import { startControlLoops } from './support/control-loops.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import { claimDraft, podDraft } from './support/objects.ts';
import { OddObjects, oddNamespace } from './support/odd-objects.ts';
import { createClasses, provisionAndDelete, runOtherWorkloads } from './support/storage-workloads.ts';

const notWatched: ReadonlySet<ResourceType> = new Set<ResourceType>([coreEvents, eventsV1, leases, namespaces]);
const objectsPerKind = 4;
const waitMs = 180_000;
const restMs = 10 * 60_000;
/** Objects that fail are tried again with pauses that double; ten minutes hold this many writes about all of them. */
const mostWrites = 3000;
const asked = Number(process.env.ODD_OBJECTS ?? 0);
const seeds = asked > 0 ? Array.from({ length: asked }, (_, index) => index + 1) : [1, 4, 8, 10];

/** What a program says when it took for granted what was not there. */
const bug =
  /Cannot (read|convert|destructure)|is not (a function|iterable|defined)|handler failed|Invalid (time|array)|Maximum call|invariant/;

class BugLog implements Logger {
  readonly bugs: string[] = [];
  info = (message: string, fields?: LogFields) => this.#hear(message, fields);
  warn = (message: string, fields?: LogFields) => this.#hear(message, fields);
  error = (message: string, fields?: LogFields) => this.#hear(message, fields);
  debug = (message: string, fields?: LogFields) => this.#hear(message, fields);
  with(): Logger {
    return this;
  }

  #hear(message: string, fields: LogFields = {}): void {
    const error = fields.error === undefined ? '' : messageOf(fields.error);
    if (!bug.test(`${message} ${error}`) || this.bugs.length > 20) return;
    const where = fields.error instanceof Error ? fields.error.stack?.split('\n').slice(1, 8).join('') : '';
    const told = `${message}: ${error.slice(0, 200)} ${fields.reconciler ?? ''} ${where?.replaceAll(/ +/g, ' ')}`;
    if (!this.bugs.includes(told)) this.bugs.push(told);
  }
}

/** A StatefulSet whose volume grows, and that goes with its claims. */
async function runStatefulSet(plane: ControlPlane, backend: FakeDriver): Promise<void> {
  const { client, clock } = plane;
  const metadata = { namespace: 'default', name: 'healthy' };
  const claim = claimDraft('disk', 'later') as PersistentVolumeClaim;
  const labels = { app: 'healthy' };
  await client.create(statefulSets, {
    metadata,
    spec: {
      serviceName: 'healthy',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox' }] } },
      volumeClaimTemplates: [{ ...claim, metadata: { name: 'disk' } } as PersistentVolumeClaim],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
    },
  });
  const pod = () => plane.get(pods, { namespace: 'default', name: 'healthy-0' });
  await clock.until(async () => (await pod())?.status?.phase === 'Running', waitMs, 'the pod running');
  const key = { namespace: 'default', name: 'disk-healthy-0' };
  const body = { spec: { resources: { requests: { storage: '2Gi' } } } };
  await client.patch(persistentVolumeClaims, key, { type: 'merge', body });
  const grown = async () => (await plane.get(persistentVolumeClaims, key))?.status?.capacity?.storage === '2Gi';
  await clock.until(grown, waitMs, 'the volume grown');
  await client.delete(statefulSets, metadata, { propagationPolicy: 'Foreground' });
  const gone = async () => backend.published.size === 0 && backend.volumes.size === 0;
  await clock.until(gone, waitMs, 'everything of the set gone');
}

describe('[rel-L15] a server full of odd objects', () => {
  it.each(seeds)('holds up nobody (seed %i)', { timeout: 60_000 }, async (seed) => {
    const log = new BugLog();
    await using plane = await ControlPlane.start(log);
    const backend = new FakeDriver(plane.clock);
    await plane.client.create(namespaces, { metadata: { name: oddNamespace }, spec: {} });
    for (const name of ['n1', 'n2']) await FakeKubelet.start(plane, name, backend.name);
    await createClasses(plane);
    await plane.run();
    const odd = new OddObjects(seededRandom(seed));
    const feed = async () => {
      for (const type of builtInResources) {
        if (notWatched.has(type)) continue;
        for (let index = 0; index < objectsPerKind; index++) {
          const object = odd.make(type);
          if (object) await plane.store(type, object);
        }
      }
    };
    // Some before everything starts, some while it runs.
    await feed();
    await startControlLoops(plane, { backend });
    await feed();
    const work = async () => {
      await provisionAndDelete(plane);
      await runStatefulSet(plane, backend);
      await runOtherWorkloads(plane);
    };
    const trouble = await work().then(() => '', messageOf);
    expect([...log.bugs, trouble]).toEqual(['']);
    let writes = 0;
    await plane.onCommit((events) => {
      writes += events.filter(({ key }) => !key.startsWith('leases')).length;
    });
    await plane.clock.advance(restMs);
    expect(log.bugs).toEqual([]);
    expect(writes).toBeLessThan(mostWrites);
  });
});

describe('[rel-L15] a stored selector that is not valid', () => {
  const badSelector = { matchExpressions: [{ key: 'app', operator: 'Odd' }] };
  const identity = (name: string) => ({
    metadata: { namespace: 'default', name, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
  });
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox' }] } };

  it('keeps no other owner from its orphans', async () => {
    await using plane = await ControlPlane.start();
    const bad = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      ...identity('a-bad'),
      spec: { selector: badSelector, template },
    };
    await plane.store(replicaSets, bad as never);
    await startOn(plane, 'replicaset-controller', startReplicaSetController);
    const spec = { replicas: 1, selector: { matchLabels: labels }, template: template as never };
    await plane.client.create(replicaSets, { metadata: { namespace: 'default', name: 'good' }, spec });
    await plane.clock.settle();
    const orphan = podDraft('orphan');
    await plane.client.create(pods, { ...orphan, metadata: { ...orphan.metadata, labels } });
    await plane.clock.settle();
    // Adopted, and one too many.
    expect((await plane.client.list(pods)).items).toHaveLength(1);
  });

  it('keeps no other budget up to date or from being heeded, and no pod from being evicted', async () => {
    await using plane = await ControlPlane.start();
    const bad = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      ...identity('a-bad'),
      spec: { selector: badSelector },
    };
    await plane.store(podDisruptionBudgets, bad as never);
    await startOn(plane, 'disruption', startDisruptionController);
    const budget = { namespace: 'default', name: 'good' };
    await plane.client.create(podDisruptionBudgets, {
      metadata: budget,
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    });
    for (const [name, given] of Object.entries({ covered: labels, free: {} })) {
      const draft = podDraft(name);
      await plane.client.create(pods, { ...draft, metadata: { ...draft.metadata, labels: given } });
    }
    await plane.clock.settle();
    expect((await plane.client.get(podDisruptionBudgets, budget)).status).toMatchObject({ expectedPods: 1 });
    const evict = (name: string) =>
      plane.client.createSubresource(pods, { namespace: 'default', name }, 'eviction', {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { namespace: 'default', name },
      });
    await evict('free');
    await plane.clock.settle();
    const left = (await plane.client.list(pods)).items.filter(({ metadata }) => !metadata.deletionTimestamp);
    expect(left.map(({ metadata }) => metadata.name)).toEqual(['covered']);
  });
});

describe('[rel-L15] node agents among odd objects', () => {
  it.each([1, 2, 3])('run the pods that make sense (seed %i)', { timeout: 60_000 }, async (seed) => {
    const log = new BugLog();
    await using world = await World.start({ machines: 2, logger: log });
    const { plane } = world;
    await plane.client.create(namespaces, { metadata: { name: oddNamespace }, spec: {} });
    const odd = new OddObjects(seededRandom(seed));
    const nodeNames = [...world.machines.keys()];
    for (let index = 0; index < 24; index++) {
      const pod = odd.make(pods) as Pod;
      const nodeName = nodeNames[index % nodeNames.length] ?? '';
      await plane.store(pods, { ...pod, spec: { ...pod.spec, nodeName }, status: {} } as Pod);
      for (const type of [persistentVolumes, persistentVolumeClaims, configMaps, secrets, csiDrivers])
        await plane.store(type as ResourceType, odd.make(type) as KubernetesObject);
    }
    await plane.client.create(persistentVolumeClaims, claimDraft('healthy', 'now'));
    const { metadata, spec } = podDraft('healthy', 'healthy');
    const volumeMounts = [{ name: 'data', mountPath: '/data' }];
    const containers = [{ name: 'main', image: 'busybox', command: ['sleep', '1000'], volumeMounts }];
    await plane.client.create(pods, { metadata, spec: { ...spec, containers } as Pod['spec'] });
    const key = { namespace: 'default', name: 'healthy' };
    const runs = async () => (await plane.get(pods, key))?.status?.phase === 'Running';
    const trouble = await plane.clock.until(runs, waitMs, 'the pod running').then(() => '', messageOf);
    expect([...log.bugs, trouble]).toEqual(['']);
    await plane.client.delete(pods, key, { gracePeriodSeconds: 1 });
    const gone = async () => (await plane.get(pods, key)) === undefined && world.backend.published.size === 0;
    await plane.clock.until(gone, waitMs, 'the pod gone');
    await plane.clock.advance(60_000);
    expect(log.bugs).toEqual([]);
    // They were tried.
    const tried = (await plane.client.list(pods)).items.filter(({ status }) => status?.phase !== undefined);
    expect(tried.length).toBeGreaterThan(3);
  });
});
