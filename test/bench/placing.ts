/** Nodes that nobody runs, and pods that are placed on them. */
import { type Api, timed, type WatchLine, watchFrom } from './api.ts';
import { connections, must } from './scenario.ts';

export const nodesPath = '/api/v1/nodes';
const podsPath = '/api/v1/namespaces/default/pods';

export async function createNodes(api: Api, from: number, to: number): Promise<void> {
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
export async function place(api: Api, batch: string, count: number, hasClaims: boolean): Promise<number> {
  const { resourceVersion } = JSON.parse(await must(api.call('GET', `${podsPath}?limit=1`))).metadata;
  const placed = new Set<string>();
  const onEvent = ({ object }: WatchLine) => {
    const { name } = object.metadata;
    if (object.spec?.nodeName && name.startsWith(`${batch}-`)) placed.add(name);
    return placed.size === count;
  };
  const opened = Promise.withResolvers<void>();
  const allPlaced = watchFrom(api, podsPath, resourceVersion, onEvent, opened.resolve);
  await Promise.race([opened.promise, allPlaced]);
  const start = performance.now();
  await timed(count, connections, async (index) => {
    const name = `${batch}-${index}`;
    await must(api.call('POST', podsPath, podOf(name, hasClaims ? name : undefined)));
  });
  await allPlaced;
  return (performance.now() - start) / 1000;
}
