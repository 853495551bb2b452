import { type Pod, pods } from '../../../src/api/index.ts';
import type { World } from './table.ts';

/** The kubelet runs recycler pods to their end at once. */
export async function runRecyclerPods({ plane }: World): Promise<void> {
  const end = (pod: Pod) => {
    if (!pod.metadata.name.startsWith('recycler-for-') || pod.status?.phase === 'Succeeded') return;
    const body = { status: { phase: 'Succeeded' } };
    plane.client.patch(pods, pod.metadata, { type: 'merge', body }, { subresource: 'status' }).catch(() => {});
  };
  plane.informers.informer(pods).addHandler({ onAdd: end, onUpdate: (_before, pod) => end(pod), onDelete: () => {} });
  await plane.run();
}
