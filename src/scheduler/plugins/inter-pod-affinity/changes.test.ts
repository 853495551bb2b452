import { describe, expect, it } from 'vitest';
import { podInfoOf } from '../../cache/pod-info.ts';
import { CycleState, type NodeInfo } from '../../framework/plugin.ts';
import { snapshotOf } from '../testing/cluster.ts';
import { changeHelps } from '../testing/hints.ts';
import { makeNode, makePod, type PodOptions, term } from '../testing/neighbours.ts';
import { pluginOf } from './testing.ts';

const web = { app: 'web' };
const db = { app: 'db' };
const plugin = pluginOf({ namespaces: { default: {}, red: { team: 'red' } } });

describe('InterPodAffinity with pods added and removed', () => {
  const nodes = { a1: { zone: 'a', host: 'a1' }, a2: { zone: 'a', host: 'a2' }, b1: { zone: 'b', host: 'b1' } };

  function fits(options: PodOptions, existing: PodOptions | undefined, change: 'add' | 'remove', other: PodOptions) {
    const victim = makePod(other, 'a1');
    const snapshot = snapshotOf({ nodes, placed: existing ? { a2: [existing] } : {} });
    const a1 = snapshot.node('a1') as NodeInfo;
    if (change === 'remove') a1.addPod(podInfoOf(victim));
    const before = { ...snapshot, nodesWithRequiredAntiAffinity: snapshot.nodes };
    const state = new CycleState();
    const pod = makePod(options);
    plugin.preFilter(state, pod, before);
    const copy = state.clone();
    if (change === 'add') plugin.addPod(copy, pod, podInfoOf(victim), a1);
    else plugin.removePod(copy, pod, podInfoOf(victim), a1);
    const answers = (of: CycleState) => snapshot.nodes.map((node) => plugin.filter(of, pod, node).code === 'success');
    return { before: answers(state), after: answers(copy) };
  }

  it.each<[string, PodOptions, PodOptions | undefined, 'add' | 'remove', PodOptions, boolean[], boolean[]]>([
    [
      'a pod that the anti-affinity means is removed',
      { apart: [term('zone', web)] },
      undefined,
      'remove',
      { labels: web },
      [false, false, true],
      [true, true, true],
    ],
    [
      'one of two pods that the anti-affinity means is removed',
      { apart: [term('zone', web)] },
      { labels: web },
      'remove',
      { labels: web },
      [false, false, true],
      [false, false, true],
    ],
    [
      'a pod that keeps others away is removed',
      { labels: web },
      undefined,
      'remove',
      { apart: [term('zone', web)] },
      [false, false, true],
      [true, true, true],
    ],
    [
      'a pod that keeps others away is added',
      { labels: web, apart: [term('host', db)] },
      undefined,
      'add',
      { apart: [term('zone', web)] },
      [true, true, true],
      [false, false, true],
    ],
    [
      'the pod that the affinity means is removed, and the pod is none of its kind',
      { near: [term('zone', web)] },
      undefined,
      'remove',
      { labels: web },
      [true, true, false],
      [false, false, false],
    ],
    [
      'the pod that the affinity means is removed, and the pod becomes the first of its kind',
      { labels: web, near: [term('zone', web)] },
      undefined,
      'remove',
      { labels: web },
      [true, true, false],
      [true, true, true],
    ],
    [
      'a pod that the affinity means is added',
      { near: [term('zone', web)] },
      undefined,
      'add',
      { labels: web },
      [false, false, false],
      [true, true, false],
    ],
    [
      'a pod that the anti-affinity means is added',
      { apart: [term('host', web)] },
      undefined,
      'add',
      { labels: web },
      [true, true, true],
      [false, true, true],
    ],
  ])('[U1] %s', (_, pod, existing, change, other, before, after) => {
    expect(fits(pod, existing, change, other)).toEqual({ before, after });
  });
});

describe('InterPodAffinity hints', () => {
  const near = makePod({ near: [term('zone', web)] });
  const apart = makePod({ labels: db, apart: [term('zone', web)] });
  const quiet = makePod({ labels: db });
  const placed = (options: PodOptions) => makePod(options, 'n1');

  it.each([
    ['a pod comes that is wanted', near, {}, placed({ labels: web }), 'AssignedPodAdd', true],
    ['a pod comes that is not wanted', near, {}, placed({ labels: db }), 'AssignedPodAdd', false],
    ['a pod of another namespace comes', near, {}, placed({ labels: web, namespace: 'red' }), 'AssignedPodAdd', false],
    ['a pod goes that is wanted', near, placed({ labels: web }), {}, 'AssignedPodDelete', false],
    ['a pod goes that is unwanted', apart, placed({ labels: web }), {}, 'AssignedPodDelete', true],
    ['a pod goes that is neither', apart, placed({ labels: db }), {}, 'AssignedPodDelete', false],
    ['a pod goes that kept it away', quiet, placed({ apart: [term('zone', db)] }), {}, 'AssignedPodDelete', true],
    ['a pod goes that kept others away', quiet, placed({ apart: [term('zone', web)] }), {}, 'AssignedPodDelete', false],
    ['an unwanted pod comes', apart, {}, placed({ labels: web }), 'AssignedPodAdd', false],
    ['a pod becomes wanted', near, placed({}), placed({ labels: web }), 'AssignedPodUpdate', true],
    ['a wanted pod stays wanted', near, placed({ labels: web }), placed({ labels: web }), 'AssignedPodUpdate', false],
    ['a pod is no longer unwanted', apart, placed({ labels: web }), placed({}), 'AssignedPodUpdate', true],
    ['a pod becomes unwanted', apart, placed({}), placed({ labels: web }), 'AssignedPodUpdate', false],
  ] as const)('[H10] %s', (_, pod, previous, current, event, expected) => {
    expect(changeHelps(plugin, event, pod, previous, current)).toBe(expected);
  });

  const node = (labels: Record<string, string>) => makeNode('n1', labels);
  it.each([
    ['a node with the topology comes', near, {}, node({ zone: 'a' }), 'NodeAdd', true],
    ['a node without the topology comes', near, {}, node({ rack: 'a' }), 'NodeAdd', false],
    ['any node comes, for anti-affinity', apart, {}, node({}), 'NodeAdd', true],
    ['any node comes, for a pod that others keep away', quiet, {}, node({}), 'NodeAdd', true],
    ['a node gets the topology', near, node({}), node({ zone: 'a' }), 'UpdateNodeLabel', true],
    ['a node changes its domain', near, node({ zone: 'a' }), node({ zone: 'b' }), 'UpdateNodeLabel', true],
    ['a node loses the topology', near, node({ zone: 'a' }), node({}), 'UpdateNodeLabel', false],
    ['a node loses the topology, for anti-affinity', apart, node({ zone: 'a' }), node({}), 'UpdateNodeLabel', true],
    ['a node gets the topology, for anti-affinity', apart, node({}), node({ zone: 'a' }), 'UpdateNodeLabel', false],
    ['another label changes', apart, node({ zone: 'a' }), node({ zone: 'a', x: 'y' }), 'UpdateNodeLabel', false],
    ['a label changes, for a pod that others keep away', quiet, node({}), node({ zone: 'a' }), 'UpdateNodeLabel', true],
  ] as const)('[H10] %s', (_, pod, previous, current, event, expected) => {
    expect(changeHelps(plugin, event, pod, previous, current)).toBe(expected);
  });
});
