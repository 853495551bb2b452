import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { VirtualClock } from '../../base/index.ts';
import { type ClusterEvent, on, type Plugin } from '../framework/plugin.ts';
import { prioritySort } from '../plugins/priority-sort.ts';
import { schedulingGates } from '../plugins/scheduling-gates.ts';
import { type QueueName, SchedulingQueue } from './scheduling-queue.ts';

function pod(name: string, priority = 0, gates: readonly string[] = []): Pod {
  const metadata = { name, namespace: 'ns', uid: name, resourceVersion: '1', creationTimestamp: '' };
  const schedulingGates = gates.map((gate) => ({ name: gate }));
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], priority, schedulingGates } };
}

const binding: Plugin = { name: 'VolumeBinding', events: on(['PersistentVolumeClaimUpdate']) };
/** Cares for pods that leave, but not for those whose names begin with `small`. */
const resources: Plugin = {
  name: 'NodeResourcesFit',
  events: on(['AssignedPodDelete', 'PodUpdate'], (_pod, previous) => !previous?.metadata.name.startsWith('small')),
};
const curious: Plugin = { name: 'Curious' };

const claimChanged = { event: 'PersistentVolumeClaimUpdate' } as const;
const podLeft = { event: 'AssignedPodDelete', previous: pod('large') } as const;
const smallPodLeft = { event: 'AssignedPodDelete', previous: pod('small-1') } as const;

function make(more: readonly Plugin[] = []) {
  const clock = new VirtualClock();
  let woken = 0;
  const incoming: string[] = [];
  const queue = new SchedulingQueue({
    clock,
    plugins: new Map([['default-scheduler', [schedulingGates, prioritySort, binding, resources, curious, ...more]]]),
    wake: () => void woken++,
    onIncoming: (name, event) => void incoming.push(`${name} ${event}`),
  });
  const takeNames = () => {
    const names: string[] = [];
    for (let next = queue.take(); next; next = queue.take()) names.push(next.pod.metadata.name);
    return names;
  };
  const refuse = (name: string, ...refusedBy: string[]) => {
    queue.giveBack(name, { refusedBy: new Set(refusedBy) });
  };
  /** Fills the back-off queue, so that nobody's back-off is cut short. */
  const crowd = () => {
    for (let i = 0; i < 20; i++) queue.add(pod(`crowd-${i}`));
    const names = takeNames();
    for (const name of names) queue.giveBack(name, { refusedBy: new Set() });
  };
  return { clock, queue, incoming, takeNames, refuse, crowd, woken: () => woken };
}

describe('SchedulingQueue', () => {
  it.each<[string, readonly [string, number][], readonly string[]]>([
    [
      'by age',
      [
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ],
      ['a', 'b', 'c'],
    ],
    [
      'by priority',
      [
        ['low', -1],
        ['none', 0],
        ['high', 10],
      ],
      ['high', 'none', 'low'],
    ],
    [
      'by priority, then by age',
      [
        ['a', 5],
        ['b', 9],
        ['c', 5],
        ['d', 9],
      ],
      ['b', 'd', 'a', 'c'],
    ],
    ['one', [['only', 3]], ['only']],
    ['none', [], []],
  ])('takes pods %s', async (_what, given, expected) => {
    const { clock, queue, takeNames } = make();
    for (const [name, priority] of given) {
      queue.add(pod(name, priority));
      await clock.advance(5);
    }
    expect(takeNames()).toEqual(expected);
  });

  it.each<[string, readonly string[], Parameters<SchedulingQueue['onEvent']>[0], QueueName]>([
    ['its own event', ['VolumeBinding'], claimChanged, 'active'],
    ['the event of another plugin', ['VolumeBinding'], podLeft, 'unschedulable'],
    ['the event of one of the plugins that refused', ['VolumeBinding', 'NodeResourcesFit'], podLeft, 'active'],
    ['an event that its hint finds of no use', ['NodeResourcesFit'], smallPodLeft, 'unschedulable'],
    ['an event nobody registered', ['NodeResourcesFit'], { event: 'NodeDelete' }, 'unschedulable'],
    ['any event, to a plugin that registered none', ['Curious'], { event: 'CSIDriverDelete' }, 'active'],
    [
      'what changed in another waiting pod',
      ['NodeResourcesFit'],
      { event: 'PodUpdate', current: pod('b') },
      'unschedulable',
    ],
    ['what changed in itself', ['NodeResourcesFit'], { event: 'PodUpdate', current: pod('a') }, 'active'],
  ])('[H10] %s, heard after the back-off, leads to the right queue', async (_what, refusedBy, happening, queueName) => {
    const { clock, queue, refuse } = make();
    queue.add(pod('a'));
    queue.take();
    refuse('a', ...refusedBy);
    await clock.advance(2000);
    queue.onEvent(happening);
    expect(queue.counts).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 0, [queueName]: 1 });
  });

  it.each<[string, readonly string[], Parameters<SchedulingQueue['onEvent']>[0], boolean]>([
    ['brings a pod back that it helps', ['VolumeBinding'], claimChanged, true],
    ['leaves a pod that it does not help', ['VolumeBinding'], podLeft, false],
    ['leaves a pod whose hint refuses it', ['NodeResourcesFit'], smallPodLeft, false],
  ])('[H10] an event while the pod is being tried %s', async (_what, refusedBy, happening, comesBack) => {
    const { clock, queue, refuse, takeNames } = make();
    queue.add(pod('a'));
    queue.take();
    queue.onEvent(happening);
    refuse('a', ...refusedBy);
    await clock.advance(1000);
    expect(takeNames()).toEqual(comesBack ? ['a'] : []);
  });

  it('[H10] tries a pod again when so much happened meanwhile that not all could be kept', () => {
    const { queue, refuse } = make();
    queue.add(pod('a'));
    queue.take();
    for (let i = 0; i < 25_000; i++) queue.onEvent(smallPodLeft);
    refuse('a', 'NodeResourcesFit');
    expect(queue.counts).toMatchObject({ unschedulable: 0, backoff: 1 });
  });

  it('tells an event only to the pods that were being tried when it happened', () => {
    const { queue, refuse } = make();
    for (const name of ['a', 'b']) queue.add(pod(name));
    queue.take();
    queue.onEvent(claimChanged);
    queue.take();
    refuse('a', 'VolumeBinding');
    refuse('b', 'VolumeBinding');
    expect(queue.counts).toMatchObject({ backoff: 1, unschedulable: 1 });
  });

  it.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [4, 8000],
    [5, 10_000],
    [9, 10_000],
  ])('after %i attempts a pod waits %i ms', async (attempts, waitMs) => {
    const { clock, queue, crowd } = make();
    queue.add(pod('a', 100));
    for (let attempt = 1; attempt < attempts; attempt++) {
      queue.take();
      queue.giveBack('a', { refusedBy: new Set() });
      await clock.advance(10_000);
    }
    queue.take();
    queue.giveBack('a', { refusedBy: new Set() });
    crowd();
    await clock.advance(waitMs - 1);
    const before = queue.take()?.pod.metadata.name;
    await clock.advance(1);
    expect([before === 'a', queue.take()?.pod.metadata.name]).toEqual([false, 'a']);
  });

  it.each<[string, (kit: ReturnType<typeof make>) => void, readonly string[]]>([
    [
      'of a pod that fitted nowhere, when nothing else is to be done',
      ({ refuse, queue }) => {
        refuse('a', 'VolumeBinding');
        queue.onEvent(claimChanged);
      },
      ['a'],
    ],
    ['of a pod whose attempt failed', ({ refuse }) => refuse('a'), []],
    [
      'of a pod among many',
      ({ refuse, queue, crowd }) => {
        refuse('a', 'VolumeBinding');
        queue.onEvent(claimChanged);
        crowd();
      },
      [],
    ],
  ])('the back-off %s', (what, prepare, taken) => {
    const kit = make();
    kit.queue.add(pod('a'));
    kit.queue.take();
    prepare(kit);
    expect(kit.takeNames(), what).toEqual(taken);
  });

  it('spares a pod the back-off that only waits for its claims', () => {
    const { queue } = make();
    queue.add(pod('a'));
    queue.take();
    queue.giveBack('a', { refusedBy: new Set(['VolumeBinding']), spareBackoff: true });
    queue.onEvent(claimChanged);
    expect(queue.take()?.attempts).toBe(1);
  });

  it('spares a pod the back-off only so often in a row', () => {
    const { queue } = make();
    queue.add(pod('a'));
    let tries = 0;
    while (queue.take()) {
      tries++;
      queue.giveBack('a', { refusedBy: new Set(), spareBackoff: true });
    }
    expect([tries, queue.counts.backoff]).toEqual([4, 1]);
  });

  it('[rel-L2] tries a pod after 5 minutes that no event has moved', async () => {
    const { clock, queue, refuse, takeNames } = make();
    for (const name of ['a', 'b']) queue.add(pod(name));
    queue.take();
    refuse('a', 'VolumeBinding');
    await clock.advance(60_000);
    queue.take();
    refuse('b', 'VolumeBinding');
    await clock.advance(4 * 60_000 - 1);
    expect(takeNames()).toEqual([]);
    await clock.advance(1);
    expect(takeNames()).toEqual(['a']);
    await clock.advance(60_000);
    expect(takeNames()).toEqual(['b']);
  });

  it('holds a gated pod back until its gates are gone', () => {
    const { queue, takeNames } = make();
    queue.add(pod('a', 0, ['one', 'two']));
    expect([queue.counts.gated, takeNames()]).toEqual([1, []]);
    const fewer = pod('a', 0, ['two']);
    queue.update(fewer, { event: 'PodUpdate', current: fewer }, true);
    expect(queue.counts.gated).toBe(1);
    const open = pod('a');
    queue.update(open, { event: 'PodUpdate', current: open }, true);
    expect(takeNames()).toEqual(['a']);
  });

  it('[H10] a plugin that holds a pod back lets it go when something called for it meanwhile', () => {
    let holds = false;
    const gate: Plugin = {
      name: 'Gate',
      events: on(['AssignedPodDelete'], () => false),
      preEnqueue: () => (holds ? { code: 'unresolvable', reasons: ['held'] } : { code: 'success' }),
    };
    const { queue, refuse, takeNames } = make([gate]);
    queue.add(pod('a'));
    queue.take();
    holds = true;
    refuse('a', 'NodeResourcesFit');
    queue.release('a', 'Gate', false);
    expect(queue.counts.unschedulable).toBe(1);
    queue.onEvent(podLeft);
    expect(queue.counts.gated).toBe(1);
    holds = false;
    queue.release('a', 'Gate', false);
    expect(takeNames()).toEqual(['a']);
  });

  it.each<[string, (kit: ReturnType<typeof make>) => void]>([
    ['active', () => {}],
    ['being tried', ({ queue }) => void queue.take()],
    [
      'backing off',
      ({ queue }) => {
        queue.take();
        queue.giveBack('a', { refusedBy: new Set() });
      },
    ],
    [
      'unschedulable',
      ({ queue, refuse }) => {
        queue.take();
        refuse('a', 'VolumeBinding');
      },
    ],
  ])('forgets a pod that is removed while %s', async (_state, bring) => {
    const kit = make();
    kit.queue.add(pod('a'));
    bring(kit);
    kit.queue.remove('a');
    kit.refuse('a', 'VolumeBinding');
    kit.queue.onEvent(claimChanged);
    await kit.clock.advance(600_000);
    expect([kit.takeNames(), kit.queue.has('a'), kit.clock.pendingTimers]).toEqual([[], false, 0]);
  });

  it.each<[string, (kit: ReturnType<typeof make>) => void, QueueName]>([
    ['active', () => {}, 'active'],
    [
      'backing off',
      ({ queue }) => {
        queue.take();
        queue.giveBack('a', { refusedBy: new Set() });
      },
      'backoff',
    ],
    [
      'unschedulable, by something its plugin does not care for',
      ({ queue, refuse }) => {
        queue.take();
        refuse('a', 'VolumeBinding');
      },
      'unschedulable',
    ],
    [
      'unschedulable, by something its plugin cares for',
      ({ queue, refuse }) => {
        queue.take();
        refuse('a', 'NodeResourcesFit');
      },
      'backoff',
    ],
  ])('a pod that changes while %s is in the right queue in its new version', (_state, bring, queueName) => {
    const kit = make();
    kit.queue.add(pod('a'));
    bring(kit);
    const changed = pod('a', 7);
    kit.queue.update(changed, { event: 'PodUpdate', current: changed }, true);
    expect(kit.queue.counts[queueName]).toBe(1);
    kit.queue.activate('a');
    expect(kit.queue.take()?.pod).toBe(changed);
  });

  it('a pod that changes while it is being tried comes back in its new version', () => {
    const { queue, refuse } = make();
    queue.add(pod('a'));
    queue.take();
    const changed = pod('a', 7);
    queue.update(changed, { event: 'PodUpdate', current: changed }, true);
    refuse('a', 'NodeResourcesFit');
    expect(queue.take()?.pod).toBe(changed);
  });

  it('tells where pods go and why', async () => {
    const { clock, queue, refuse, incoming } = make();
    queue.add(pod('a'));
    queue.take();
    refuse('a', 'VolumeBinding');
    queue.onEvent(claimChanged);
    await clock.advance(1000);
    queue.add(pod('b', 0, ['gate']));
    expect(incoming).toEqual([
      'active UnscheduledPodAdd',
      'unschedulable ScheduleAttemptFailure',
      'backoff PersistentVolumeClaimUpdate',
      'active BackoffComplete',
      'gated UnscheduledPodAdd',
    ]);
  });

  it('[rel-L14] a thousand pods that fit nowhere do not come before a new one when nothing helps them', async () => {
    const { clock, queue, refuse, takeNames } = make();
    for (let i = 0; i < 1000; i++) queue.add(pod(`stuck-${i}`));
    for (const name of takeNames()) refuse(name, 'VolumeBinding');
    await clock.advance(20_000);
    const events: ClusterEvent[] = ['AssignedPodDelete', 'NodeAdd', 'AssignedPodAdd'];
    for (const event of events) queue.onEvent({ event, previous: pod('large') });
    queue.add(pod('healthy'));
    expect(takeNames()).toEqual(['healthy']);
  });
});
