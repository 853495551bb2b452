import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { VirtualClock } from '../../base/index.ts';
import { on, type Plugin } from '../framework/plugin.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

function pod(name: string, priority = 0): Pod {
  const metadata = { name, namespace: 'ns', uid: name, resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], priority } };
}

const binding: Plugin = { name: 'VolumeBinding', events: on(['PersistentVolumeClaimUpdate']) };
const resources: Plugin = { name: 'NodeResourcesFit', events: on(['AssignedPodDelete']) };

function make() {
  const clock = new VirtualClock();
  let woken = 0;
  const queue = new SchedulingQueue({ clock, plugins: [binding, resources], wake: () => void woken++ });
  return { clock, queue, woken: () => woken };
}

const refusedByBinding = new Set(['VolumeBinding']);

describe('SchedulingQueue', () => {
  it('takes pods by priority, then by age', async () => {
    const { clock, queue } = make();
    queue.add(pod('old'));
    await clock.advance(5);
    queue.add(pod('young'));
    queue.add(pod('urgent', 10));
    expect([queue.take(), queue.take(), queue.take()].map((entry) => entry?.pod.metadata.name)).toEqual([
      'urgent',
      'old',
      'young',
    ]);
    expect(queue.take()).toBeUndefined();
  });

  it('[H10] brings a pod back after its back-off when a plugin that refused it hears its event', async () => {
    const { clock, queue } = make();
    queue.add(pod('a'));
    const taken = queue.take();
    if (!taken) throw new Error('nothing to take');
    queue.returnUnschedulable(taken, refusedByBinding);
    queue.onEvent({ event: 'AssignedPodDelete' });
    await clock.advance(2000);
    expect(queue.take()).toBeUndefined();
    queue.onEvent({ event: 'PersistentVolumeClaimUpdate' });
    expect(queue.take()?.attempts).toBe(1);
  });

  it('[H10] does not lose an event that happens while the pod is being tried', async () => {
    const { clock, queue } = make();
    queue.add(pod('a'));
    const taken = queue.take();
    if (!taken) throw new Error('nothing to take');
    queue.onEvent({ event: 'PersistentVolumeClaimUpdate' });
    queue.returnUnschedulable(taken, refusedByBinding);
    expect(queue.take()).toBeUndefined();
    await clock.advance(1000);
    expect(queue.take()).toBeDefined();
  });

  it('spares a pod the back-off that only waits for its claims', () => {
    const { queue } = make();
    queue.add(pod('a'));
    const taken = queue.take();
    if (!taken) throw new Error('nothing to take');
    queue.returnUnschedulable(taken, refusedByBinding, false);
    queue.onEvent({ event: 'PersistentVolumeClaimUpdate' });
    expect(queue.take()?.attempts).toBe(0);
  });

  it('forgets a pod that is removed, wherever it waits', async () => {
    const { clock, queue } = make();
    queue.add(pod('a'));
    queue.remove('a');
    expect(queue.take()).toBeUndefined();
    queue.add(pod('b'));
    const taken = queue.take();
    if (!taken) throw new Error('nothing to take');
    queue.returnUnschedulable(taken, new Set());
    queue.remove('b');
    await clock.advance(20_000);
    expect(queue.take()).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });
});
