import { type Api, timed } from '../api.ts';
import { claimsRevision, createClaims, createVolumes, untilBound } from '../claims.ts';
import { cpuSeconds } from '../process-family.ts';
import { connections, must, onUp, perSecond, rounded } from '../scenario.ts';

const driver = 'bench.csi';
const nodeCount = 100;
const attachmentsPath = '/apis/storage.k8s.io/v1/volumeattachments';
const merge = 'application/merge-patch+json';

const nodeName = (index: number) => `bench-node-${index}`;

/** Nodes without agents: Node and CSINode objects that opt in to attaching. */
async function createNodes(api: Api): Promise<void> {
  await timed(nodeCount, connections, async (index) => {
    const metadata = {
      name: nodeName(index),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    };
    await must(api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata, spec: {} }));
  });
}

async function createPods(api: Api, batch: string, count: number): Promise<void> {
  await timed(count, connections, async (index) => {
    const name = `${batch}-${index}`;
    const spec = {
      nodeName: nodeName(index % nodeCount),
      containers: [{ name: 'main', image: 'none' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
    };
    await must(
      api.call('POST', '/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }),
    );
  });
}

async function revision(api: Api): Promise<string> {
  return JSON.parse(await must(api.call('GET', `${attachmentsPath}?limit=1`))).metadata.resourceVersion;
}

/** An attacher whose driver has nothing to do: it writes that the volume is attached, and nothing else. */
async function attachAll(api: Api, from: string, count: number): Promise<void> {
  const begun = new Set<string>();
  const writes: Promise<unknown>[] = [];
  await api.watch(`${attachmentsPath}?watch=true&resourceVersion=${from}`, ({ type, object }) => {
    const { name } = object.metadata;
    if (type !== 'ADDED' || begun.has(name)) return false;
    begun.add(name);
    writes.push(must(api.call('PATCH', `${attachmentsPath}/${name}/status`, { status: { attached: true } }, merge)));
    return begun.size === count;
  });
  await Promise.all(writes);
}

/** Until the nodes' statuses list so many volumes of the batch. */
async function untilReported(api: Api, from: string, batch: string, count: number): Promise<void> {
  const reported = new Set<string>();
  await api.watch(`/api/v1/nodes?watch=true&resourceVersion=${from}`, ({ object }) => {
    for (const { name } of object.status?.volumesAttached ?? []) {
      if (name.startsWith(`kubernetes.io/csi/${driver}^${batch}-`)) reported.add(name);
    }
    return reported.size === count;
  });
}

async function bindCsiVolumes(api: Api, batch: string, count: number): Promise<void> {
  await createVolumes(api, batch, count, (index) => ({ csi: { driver, volumeHandle: `${batch}-${index}` } }));
  const bound = untilBound(api, batch, count, await claimsRevision(api));
  await createClaims(api, batch, count);
  await bound;
}

async function attach(api: Api, batch: string, count: number): Promise<number> {
  await bindCsiVolumes(api, batch, count);
  return await attachBound(api, batch, count);
}

/** From the creation of the first pod to the last volume in its node's status; the pods' creation counts. Seconds. */
async function attachBound(api: Api, batch: string, count: number): Promise<number> {
  const from = await revision(api);
  const start = performance.now();
  const done = Promise.all([attachAll(api, from, count), untilReported(api, from, batch, count)]);
  await createPods(api, batch, count);
  await done;
  return (performance.now() - start) / 1000;
}

/** Attaching through the whole system, with an attacher of the benchmark's own in place of a driver's. */
export const attaching = onUp({
  name: 'attach',
  run: async ({ child }, api) => {
    await createNodes(api);
    await attach(api, 'warm', 200);
    const small = await attach(api, 'small', 1000);
    await bindCsiVolumes(api, 'large', 5000);
    const cpuBefore = cpuSeconds(child.pid ?? 0);
    const large = await attachBound(api, 'large', 5000);
    const cpu = cpuSeconds(child.pid ?? 0) - cpuBefore;
    return {
      attachesPerSecondAt1000: perSecond(1000, small),
      attachesPerSecondAt5000: perSecond(5000, large),
      cpuMillisecondsPerAttach: rounded((1000 * cpu) / 5000),
    };
  },
});
