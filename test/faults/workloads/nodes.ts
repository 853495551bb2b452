/** Volumes that move between nodes. */
import { nodes, persistentVolumeClaims, pods, statefulSets } from '../../../src/api/index.ts';
import { claimDraft, mountingPod, podDraft } from '../../integration/support/objects.ts';
import { heldMs } from '../held-stream.ts';
import type { World } from '../world.ts';
import { keyIn, type Workload } from './workload.ts';

export function setDraft(replicas: number) {
  const { spec } = claimDraft('unused', 'later');
  return {
    metadata: keyIn('web'),
    spec: {
      serviceName: 'web',
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { ...mountingPod('unused').spec, volumes: [] },
      },
      volumeClaimTemplates: [{ metadata: { name: 'disk' }, spec }],
    },
  };
}

/** Changes where pods may go, and waits until whoever hears of it late has heard of it too. */
export async function cordon(world: World, name: string, unschedulable: boolean): Promise<void> {
  await world.change(nodes, { name }, { spec: { unschedulable } });
  await world.plane.clock.advance(heldMs);
}

export const on = (node: string) => (pod: { spec: { nodeName?: string } }) => pod.spec.nodeName === node;

async function untilAttached(world: World, count: number): Promise<void> {
  await world.until(`${count} volumes attached`, async () => world.backend.published.size === count);
}

export const move: Workload = {
  name: 'a pod of a StatefulSet moves to another node with its volume',
  run: async (world) => {
    await cordon(world, 'n2', true);
    await world.create(statefulSets, setDraft(1) as never);
    await world.untilRunning('web-0', on('n1'));
    await cordon(world, 'n2', false);
    await cordon(world, 'n1', true);
    await world.remove(pods, keyIn('web-0'));
    await world.untilRunning('web-0', on('n2'));
    await cordon(world, 'n1', false);
    await untilAttached(world, 1);
  },
};

export const scale: Workload = {
  name: 'a StatefulSet comes up, is scaled down and up, and goes',
  run: async (world) => {
    await cordon(world, 'n2', true);
    await world.create(statefulSets, setDraft(2) as never);
    await world.untilRunning('web-1');
    await world.change(statefulSets, keyIn('web'), { spec: { replicas: 0 } });
    await world.untilGone(pods, keyIn('web-0'));
    await untilAttached(world, 0);
    await world.change(statefulSets, keyIn('web'), { spec: { replicas: 1 } });
    await world.untilRunning('web-0');
    await world.remove(statefulSets, keyIn('web'));
    await world.untilGone(pods, keyIn('web-0'));
    for (const name of ['disk-web-0', 'disk-web-1']) await world.remove(persistentVolumeClaims, keyIn(name));
    await world.until('backend empty', async () => world.backend.volumes.size === 0);
    await cordon(world, 'n2', false);
  },
};

export async function untilNotReady(world: World, name: string): Promise<void> {
  await world.until(`${name} not ready`, async () => {
    const node = await world.plane.get(nodes, { name });
    return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status !== 'True') ?? false;
  });
}

const outOfServiceKey = 'node.kubernetes.io/out-of-service';

export async function takeOutOfService(world: World, name: string): Promise<void> {
  const known = await world.plane.get(nodes, { name });
  const taint = { key: outOfServiceKey, value: 'nodeshutdown', effect: 'NoExecute' };
  await world.change(nodes, { name }, { spec: { taints: [...(known?.spec.taints ?? []), taint] } });
}

export async function takeIntoService(world: World, name: string): Promise<void> {
  const known = await world.plane.get(nodes, { name });
  const taints = (known?.spec.taints ?? []).filter(({ key }) => key !== outOfServiceKey);
  await world.change(nodes, { name }, { spec: { taints } });
}

export const outOfService: Workload = {
  name: 'a node dies, is declared out of service, and its volume goes to another',
  run: async (world) => {
    await cordon(world, 'n2', true);
    await world.create(statefulSets, setDraft(1) as never);
    await world.untilRunning('web-0', on('n1'));
    await cordon(world, 'n2', false);
    world.kubelets.get('n1')?.die();
    await untilNotReady(world, 'n1');
    world.judge.fenced.add('n1');
    await takeOutOfService(world, 'n1');
    await world.untilRunning('web-0', on('n2'));
    await untilAttached(world, 1);
  },
};

export const nodeDeleted: Workload = {
  name: 'a node is deleted with a volume on it',
  run: async (world) => {
    await world.create(persistentVolumeClaims, claimDraft('c', 'now'));
    await world.untilBound('c');
    const draft = podDraft('p', 'c');
    await world.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1' } });
    await world.untilRunning('p');
    world.kubelets.get('n1')?.die();
    world.judge.fenced.add('n1');
    await world.remove(nodes, { name: 'n1' });
    await world.untilGone(pods, keyIn('p'));
    await untilAttached(world, 0);
  },
};
