/** Reference workloads that go through everything which controllers do to volumes; each ends with a known state. */
import {
  coreEvents,
  type Draft,
  deployments,
  jobs,
  type KubernetesObject,
  namespaces,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  statefulSets,
  storageClasses,
  volumeAttachments,
} from '../../../src/api/index.ts';
import type { ControlPlane } from './control-plane.ts';
import { claimDraft, classDraft, podDraft, volumeDraft } from './objects.ts';

const namespace = 'default';
const waitMs = 180_000;

async function phaseOf(plane: ControlPlane, name: string): Promise<string | undefined> {
  return (await plane.get(persistentVolumeClaims, { namespace, name }))?.status?.phase;
}

async function untilRunning(plane: ControlPlane, name: string): Promise<string> {
  const pod = () => plane.get(pods, { namespace, name });
  await plane.clock.until(async () => (await pod())?.status?.phase === 'Running', waitMs, `${name} running`);
  return (await pod())?.spec.nodeName ?? '';
}

export async function createClasses({ client }: ControlPlane): Promise<void> {
  await client.create(storageClasses, { ...classDraft('later'), allowVolumeExpansion: true });
  await client.create(storageClasses, classDraft('now', 'Immediate'));
}

/** Claims that find volumes which were made before, each its own. */
export async function bindStatically(plane: ControlPlane, count = 6): Promise<void> {
  const { client, clock } = plane;
  for (let index = 0; index < count; index++) {
    await client.create(persistentVolumes, volumeDraft(`disk-${index}`, 'manual'));
    await client.create(persistentVolumeClaims, claimDraft(`static-${index}`, 'manual'));
  }
  const names = Array.from({ length: count }, (_, index) => `static-${index}`);
  const bound = async () =>
    (await Promise.all(names.map((name) => phaseOf(plane, name)))).every((it) => it === 'Bound');
  await clock.until(bound, waitMs, 'static claims bound');
}

/** Claims whose volumes are made for them, and go with them. */
export async function provisionAndDelete(plane: ControlPlane, count = 4): Promise<void> {
  const { client, clock } = plane;
  const names = Array.from({ length: count }, (_, index) => `dynamic-${index}`);
  for (const name of names) await client.create(persistentVolumeClaims, claimDraft(name, 'now'));
  const bound = async () =>
    (await Promise.all(names.map((name) => phaseOf(plane, name)))).every((it) => it === 'Bound');
  await clock.until(bound, waitMs, 'dynamic claims bound');
  for (const name of names) await client.delete(persistentVolumeClaims, { namespace, name });
  const gone = async () =>
    (await client.list(persistentVolumes)).items.every(({ spec }) => spec.storageClassName !== 'now');
  await clock.until(gone, waitMs, 'dynamic volumes gone');
}

/** A StatefulSet that is scaled, whose pod is driven from its node, and that goes with its claims. */
export async function moveStatefulSet(plane: ControlPlane): Promise<void> {
  const { client, clock } = plane;
  const claim: Draft<PersistentVolumeClaim> = {
    metadata: { name: 'disk' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'later', resources: { requests: { storage: '1Gi' } } },
  };
  const volumeMounts = [{ name: 'disk', mountPath: '/data' }];
  await client.create(statefulSets, {
    metadata: { namespace, name: 'web' },
    spec: {
      serviceName: 'web',
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'busybox', command: ['sleep', '1'], volumeMounts }] },
      },
      volumeClaimTemplates: [claim as PersistentVolumeClaim],
    },
  });
  const from = await untilRunning(plane, 'web-0');
  await untilRunning(plane, 'web-1');
  const cordon = (unschedulable: boolean) =>
    client.patch(nodes, { name: from }, { type: 'merge', body: { spec: { unschedulable } } });
  await cordon(true);
  // Every scheduler has heard of it.
  await clock.advance(5_000);
  await client.delete(pods, { namespace, name: 'web-0' });
  const moved = async () => {
    const pod = await plane.get(pods, { namespace, name: 'web-0' });
    return pod?.status?.phase === 'Running' && pod.spec.nodeName !== from;
  };
  await clock.until(moved, waitMs, 'web-0 moved');
  await cordon(false);
  const scale = { type: 'merge', body: { spec: { replicas: 1 } } } as const;
  await client.patch(statefulSets, { namespace, name: 'web' }, scale);
  const one = async () => (await client.list(volumeAttachments)).items.length === 1;
  await clock.until(one, waitMs, 'one attachment');
  await client.delete(statefulSets, { namespace, name: 'web' }, { propagationPolicy: 'Foreground' });
  const detached = async () => (await client.list(volumeAttachments)).items.length === 0;
  await clock.until(detached, waitMs, 'no attachments');
}

/** A claim that grows while a pod uses it. */
export async function expand(plane: ControlPlane): Promise<void> {
  const { client, clock } = plane;
  await client.create(persistentVolumeClaims, claimDraft('grows', 'later'));
  await client.create(pods, podDraft('grower', 'grows'));
  await untilRunning(plane, 'grower');
  const body = { spec: { resources: { requests: { storage: '2Gi' } } } };
  await client.patch(persistentVolumeClaims, { namespace, name: 'grows' }, { type: 'merge', body });
  // Which resizer is to do it is as far as the controllers go for a CSI volume.
  const told = async () => {
    const claim = await plane.get(persistentVolumeClaims, { namespace, name: 'grows' });
    const { items } = await client.list(coreEvents);
    return claim !== undefined && items.some(({ reason }) => reason === 'ExternalExpanding');
  };
  await clock.until(told, waitMs, 'the resizer told');
  await client.delete(pods, { namespace, name: 'grower' });
  await clock.until(async () => !(await plane.get(pods, { namespace, name: 'grower' })), waitMs, 'grower gone');
  const { items } = await client.list(volumeAttachments);
  await clock.until(
    async () => (await client.list(volumeAttachments)).items.length < items.length || items.length === 0,
    waitMs,
    'detached',
  );
}

/** Workloads without volumes and a namespace that goes with what is in it. */
export async function runOtherWorkloads(plane: ControlPlane): Promise<void> {
  const { client, clock } = plane;
  await client.create(namespaces, { metadata: { name: 'team' }, spec: {} });
  const template = (app: string) => ({
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'main', image: 'busybox', command: ['sleep', '1'] }] },
  });
  const selector = { matchLabels: { app: 'front' } };
  await client.create(deployments, {
    metadata: { namespace: 'team', name: 'front' },
    spec: { replicas: 2, selector, template: template('front') },
  } as Draft<KubernetesObject> as never);
  await client.create(jobs, {
    metadata: { namespace: 'team', name: 'once' },
    spec: { template: { ...template('once'), spec: { ...template('once').spec, restartPolicy: 'Never' } } },
  } as Draft<KubernetesObject> as never);
  const running = async () =>
    (await client.list(pods, { namespace: 'team' })).items.filter(({ status }) => status?.phase === 'Running')
      .length === 3;
  await clock.until(running, waitMs, 'pods of the team');
  await client.delete(namespaces, { name: 'team' });
  await clock.until(async () => !(await plane.get(namespaces, { name: 'team' })), waitMs, 'the namespace gone');
}

/** What is left in the cluster, without what differs from run to run. */
export async function endState({ client }: ControlPlane): Promise<readonly string[]> {
  const claims = (await client.list(persistentVolumeClaims)).items.map(
    ({ metadata, status, spec }) =>
      `claim ${metadata.name} ${status?.phase} ${spec.volumeName?.startsWith('pvc-') ? 'its own' : spec.volumeName !== undefined}`,
  );
  const volumes = (await client.list(persistentVolumes)).items.map(
    ({ metadata, status, spec }) =>
      `volume ${metadata.name.startsWith('pvc-') ? `of ${spec.claimRef?.name}` : metadata.name} ${status?.phase}`,
  );
  const attachments = (await client.list(volumeAttachments)).items.length;
  const left = (await client.list(pods)).items.map(({ metadata, status }) => `pod ${metadata.name} ${status?.phase}`);
  return [...claims, ...volumes, ...left, `${attachments} attachments`].sort();
}
