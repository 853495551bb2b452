import { describe, expect, it } from 'vitest';
import { podInfoOf } from '../../cache/pod-info.ts';
import { CycleState, type NodeInfo } from '../../framework/plugin.ts';
import { snapshotOf } from '../testing/cluster.ts';
import { changeHelps } from '../testing/hints.ts';
import { makeNode, makePod, type PodOptions } from '../testing/neighbours.ts';
import { hard, pluginOf } from './testing.ts';

const web: PodOptions = { labels: { app: 'web' } };
const plugin = pluginOf();

describe('PodTopologySpread with pods added and removed', () => {
  const nodes = { a1: { zone: 'a', host: 'a1' }, a2: { zone: 'a', host: 'a2' }, b1: { zone: 'b', host: 'b1' } };
  const zones = { ...web, spread: [hard('zone')] };
  const hosts = { ...web, spread: [hard('host')] };

  function fits(options: PodOptions, counts: Record<string, number>, change: 'add' | 'remove', other: PodOptions) {
    const placed = Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, Array.from({ length: count }, () => web)]),
    );
    const victim = podInfoOf(makePod(other, 'a1'));
    const snapshot = snapshotOf({ nodes, placed });
    const a1 = snapshot.node('a1') as NodeInfo;
    if (change === 'remove') a1.addPod(victim);
    const state = new CycleState();
    const pod = makePod(options);
    plugin.preFilter(state, pod, snapshot);
    const copy = state.clone();
    if (change === 'add') plugin.addPod(copy, pod, victim, a1);
    else plugin.removePod(copy, pod, victim, a1);
    const answers = (of: CycleState) => snapshot.nodes.map((node) => plugin.filter(of, pod, node).code === 'success');
    return { before: answers(state), after: answers(copy) };
  }

  it.each<[string, PodOptions, Record<string, number>, 'add' | 'remove', PodOptions, boolean[], boolean[]]>([
    ['one pod less levels the zones', zones, {}, 'remove', web, [false, false, true], [true, true, true]],
    ['one pod less is not enough', zones, { a2: 1 }, 'remove', web, [false, false, true], [false, false, true]],
    ['one pod less in the emptier zone', zones, { b1: 2 }, 'remove', web, [true, true, false], [true, true, false]],
    [
      'one pod less makes a host the emptiest',
      hosts,
      { a2: 1, b1: 1 },
      'remove',
      web,
      [true, true, true],
      [true, false, false],
    ],
    ['one pod more puts a zone ahead', zones, {}, 'add', web, [true, true, true], [false, false, true]],
    ['one pod more levels the zones', zones, { b1: 1 }, 'add', web, [true, true, false], [true, true, true]],
    ['one pod more levels the hosts', hosts, { a2: 1, b1: 1 }, 'add', web, [true, false, false], [true, true, true]],
    ['a pod that is not counted changes nothing', zones, {}, 'add', {}, [true, true, true], [true, true, true]],
    [
      'a pod of another namespace changes nothing',
      zones,
      {},
      'add',
      { ...web, namespace: 'red' },
      [true, true, true],
      [true, true, true],
    ],
    [
      'a pod that was going away anyway changes nothing',
      zones,
      { a1: 1 },
      'remove',
      { ...web, meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      [false, false, true],
      [false, false, true],
    ],
    [
      'a pod on a host that the pod excludes changes nothing',
      { ...zones, spec: { nodeSelector: { host: 'b1' } } },
      {},
      'add',
      web,
      [true, true, true],
      [true, true, true],
    ],
  ])('[U1] %s', (_, pod, counts, change, other, before, after) => {
    expect(fits(pod, counts, change, other)).toEqual({ before, after });
  });
});

describe('PodTopologySpread hints', () => {
  const pod = makePod({ ...web, spread: [hard('zone')] });
  const twoKeys = makePod({ ...web, spread: [hard('zone'), hard('host')] });
  const honours = makePod({ ...web, spread: [hard('zone', { nodeTaintsPolicy: 'Honor' })] });
  const placed = (options: PodOptions) => makePod(options, 'n1');

  it.each([
    ['a counted pod comes', pod, {}, placed(web), 'AssignedPodAdd', true],
    ['an uncounted pod comes', pod, {}, placed({}), 'AssignedPodAdd', false],
    ['a pod of another namespace comes', pod, {}, placed({ ...web, namespace: 'red' }), 'AssignedPodAdd', false],
    ['a counted pod goes', pod, placed(web), {}, 'AssignedPodDelete', true],
    ['an uncounted pod goes', pod, placed({}), {}, 'AssignedPodDelete', false],
    ['a pod becomes counted', pod, placed({}), placed(web), 'AssignedPodUpdate', true],
    ['a pod is no longer counted', pod, placed(web), placed({}), 'AssignedPodUpdate', true],
    ['a counted pod changes otherwise', pod, placed(web), placed(web), 'AssignedPodUpdate', false],
    [
      'the pod tolerates more',
      honours,
      honours,
      makePod({ ...web, spec: { tolerations: [{ operator: 'Exists' }] } }),
      'PodUpdate',
      true,
    ],
    [
      'the pod tolerates more, in vain',
      pod,
      pod,
      makePod({ ...web, spec: { tolerations: [{ operator: 'Exists' }] } }),
      'PodUpdate',
      false,
    ],
    ['the pod gets other labels', pod, pod, makePod({}), 'PodUpdate', true],
  ] as const)('[H10] %s', (_, waiting, previous, current, event, expected) => {
    expect(changeHelps(plugin, event, waiting, previous, current)).toBe(expected);
  });

  const node = (labels: Record<string, string>, taint?: string) =>
    makeNode('n1', labels, taint ? { taints: [{ key: taint, effect: 'NoSchedule' }] } : {});
  it.each([
    ['a node with the label comes', pod, {}, node({ zone: 'a' }), 'NodeAdd', true],
    ['a node without the label comes', pod, {}, node({}), 'NodeAdd', false],
    ['a node with one of two labels comes', twoKeys, {}, node({ zone: 'a' }), 'NodeAdd', false],
    ['a node with both labels comes', twoKeys, {}, node({ zone: 'a', host: 'h' }), 'NodeAdd', true],
    ['a node with the label goes', pod, node({ zone: 'a' }), {}, 'NodeDelete', true],
    ['a node without the label goes', pod, node({}), {}, 'NodeDelete', false],
    ['a node gets the label', pod, node({}), node({ zone: 'a' }), 'UpdateNodeLabel', true],
    ['a node loses the label', pod, node({ zone: 'a' }), node({}), 'UpdateNodeLabel', true],
    ['a node changes its domain', pod, node({ zone: 'a' }), node({ zone: 'b' }), 'UpdateNodeLabel', true],
    ['another label changes', pod, node({ zone: 'a' }), node({ zone: 'a', x: 'y' }), 'UpdateNodeLabel', false],
    [
      'a label changes on a node without the other',
      twoKeys,
      node({ zone: 'a' }),
      node({ zone: 'b' }),
      'UpdateNodeLabel',
      false,
    ],
    ['a node gets a taint', pod, node({ zone: 'a' }), node({ zone: 'a' }, 'x'), 'UpdateNodeTaint', true],
    ['a node without the label gets a taint', pod, node({}), node({}, 'x'), 'UpdateNodeTaint', false],
  ] as const)('[H10] %s', (_, waiting, previous, current, event, expected) => {
    expect(changeHelps(plugin, event, waiting, previous, current)).toBe(expected);
  });
});
