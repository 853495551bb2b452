/**
 * Pods placed per second on 100, 1,000 and 5,000 nodes that nobody runs, with the pods' creation inside the clock: from
 * the first request to the watch event that shows the last pod's node. First pods without volumes, then pods that each
 * use a claim bound before. The one real node is cordoned, so that nothing runs and only placing is measured.
 */
import { type Api, timed } from '../api.ts';
import { bindClaims } from '../claims.ts';
import { cpuSeconds } from '../process-family.ts';
import { connections, type Figures, must, onUp, perSecond } from '../scenario.ts';

const sizes = [100, 1000, 5000];
const warmUp = 200;
const podsPerRun = 2000;
const nodesPath = '/api/v1/nodes';
const podsPath = '/api/v1/namespaces/default/pods';

async function createNodes(api: Api, from: number, to: number): Promise<void> {
  const amounts = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '1100' };
  await timed(to - from, connections, async (index) => {
    const name = `bench-${from + index}`;
    const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${index % 3}` };
    const now = new Date().toISOString();
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now, lastTransitionTime: now };
    const status = { capacity: amounts, allocatable: amounts, conditions: [ready] };
    await must(api.call('POST', nodesPath, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status }));
  });
}

/** No kubelet takes the taint of a new node away, so the pods have to bear it. */
const tolerations = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists' },
];

function podOf(name: string, claimName: string | undefined) {
  const resources = { requests: { cpu: '10m', memory: '16Mi' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench' } },
    spec: {
      containers: [{ name: 'main', image: 'busybox', resources }],
      tolerations,
      ...(claimName === undefined ? {} : { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] }),
    },
  };
}

/** Creates the pods and waits for the last to have a node. Seconds. */
async function place(api: Api, batch: string, count: number, hasClaims: boolean): Promise<number> {
  const { resourceVersion } = JSON.parse(await must(api.call('GET', `${podsPath}?limit=1`))).metadata;
  const placed = new Set<string>();
  const allPlaced = api.watch(`${podsPath}?watch=true&resourceVersion=${resourceVersion}`, ({ object }) => {
    const { name } = object.metadata;
    if (object.spec?.nodeName && name.startsWith(`${batch}-`)) placed.add(name);
    return placed.size === count;
  });
  const start = performance.now();
  await timed(count, connections, async (index) => {
    const name = `${batch}-${index}`;
    await must(api.call('POST', podsPath, podOf(name, hasClaims ? name : undefined)));
  });
  await allPlaced;
  return (performance.now() - start) / 1000;
}

export const schedule = onUp({
  name: 'schedule',
  run: async (stowage, api) => {
    const cordon = { spec: { unschedulable: true } };
    await must(api.call('PATCH', `${nodesPath}/node-0`, cordon, 'application/merge-patch+json'));
    await createNodes(api, 0, 100);
    await place(api, 'warm', warmUp, false);
    const figures: Record<string, number> = {};
    let nodes = 100;
    for (const size of sizes) {
      await createNodes(api, nodes, size);
      nodes = size;
      await bindClaims(api, `claims-${size}`, podsPerRun);
      const before = cpuSeconds(stowage.child.pid ?? 0);
      const plain = await place(api, `plain-${size}`, podsPerRun, false);
      const used = cpuSeconds(stowage.child.pid ?? 0) - before;
      const withClaims = await place(api, `claims-${size}`, podsPerRun, true);
      figures[`podsPerSecondAt${size}`] = perSecond(podsPerRun, plain);
      figures[`podsWithClaimsPerSecondAt${size}`] = perSecond(podsPerRun, withClaims);
      figures[`cpuMillisecondsPerPodAt${size}`] = Math.round((used / podsPerRun) * 1e6) / 1000;
    }
    return figures satisfies Figures;
  },
});
