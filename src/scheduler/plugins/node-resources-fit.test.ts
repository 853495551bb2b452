import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../../api/index.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { changeHelps } from './testing/hints.ts';
import { judge, nodeInfoOf, scoresOf } from './testing/judge.ts';
import { makeNode, makePod } from './testing/neighbours.ts';

type Requests = Readonly<Record<string, string>>;
type Spec = Partial<Pod['spec']>;

const gpu = 'example.com/gpu';
const huge = 'hugepages-2Mi';

function container(requests: Requests, restartPolicy?: string) {
  return { name: 'c', image: 'i', resources: { requests }, ...(restartPolicy ? { restartPolicy } : {}) };
}

function asks(requests: Requests, more: Spec = {}): Pod {
  return makePod({ spec: { containers: [container(requests)], ...more } });
}

function node(allocatable: Requests): Node {
  return { ...makeNode('n1'), status: { allocatable } };
}

const machine = node({ cpu: '10', memory: '20', pods: '32', 'ephemeral-storage': '20', [gpu]: '5', [huge]: '5' });
const cpu = (milli: number) => `${milli}m`;

describe('NodeResourcesFit', () => {
  it.each<[string, Pod, readonly Pod[], string]>([
    ['nothing asked, a full node', asks({}), [asks({ cpu: '10', memory: '20' })], 'fits'],
    [
      'too much of two',
      asks({ cpu: '1', memory: '1' }),
      [asks({ cpu: '10', memory: '20' })],
      'unschedulable: Insufficient cpu, Insufficient memory',
    ],
    [
      'more than the node has',
      asks({ cpu: '11', memory: '21' }),
      [],
      'unresolvable: Insufficient cpu, Insufficient memory',
    ],
    [
      'one that is never enough beside one that is not now',
      asks({ cpu: '11', memory: '2' }),
      [asks({ memory: '19' })],
      'unresolvable: Insufficient cpu, Insufficient memory',
    ],
    ['just enough', asks({ cpu: '1', memory: '1' }), [asks({ cpu: '9', memory: '19' })], 'fits'],
    [
      'one resource short',
      asks({ cpu: '2', memory: '1' }),
      [asks({ cpu: '9', memory: '5' })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'the other short',
      asks({ cpu: '1', memory: '2' }),
      [asks({ cpu: '5', memory: '19' })],
      'unschedulable: Insufficient memory',
    ],
    ['a thousandth too much', asks({ cpu: cpu(1001) }), [asks({ cpu: '9' })], 'unschedulable: Insufficient cpu'],
    [
      'an init container within what is left',
      asks({ cpu: '1' }, { initContainers: [container({ cpu: '1' })] }),
      [asks({ cpu: '9' })],
      'fits',
    ],
    [
      'an init container that asks for more',
      asks({ cpu: '1' }, { initContainers: [container({ cpu: '3' })] }),
      [asks({ cpu: '8' })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'the largest of the init containers, not their sum',
      asks({ cpu: '1' }, { initContainers: [container({ cpu: '2' }), container({ cpu: '2' })] }),
      [asks({ cpu: '8' })],
      'fits',
    ],
    [
      'two containers together',
      makePod({ spec: { containers: [container({ cpu: '1' }), container({ cpu: '2' })] } }),
      [asks({ cpu: '8' })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'a sidecar beside the containers',
      asks({ cpu: '1' }, { initContainers: [container({ cpu: '2' }, 'Always')] }),
      [asks({ cpu: '8' })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'a sidecar that leaves room',
      asks({ cpu: '1' }, { initContainers: [container({ cpu: '1' }, 'Always')] }),
      [asks({ cpu: '8' })],
      'fits',
    ],
    [
      'an init container after a sidecar',
      asks({ cpu: '1' }, { initContainers: [container({ cpu: '1' }, 'Always'), container({ cpu: '2' })] }),
      [asks({ cpu: '8' })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'an init container before a sidecar',
      asks({ cpu: '1' }, { initContainers: [container({ cpu: '2' }), container({ cpu: '1' }, 'Always')] }),
      [asks({ cpu: '8' })],
      'fits',
    ],
    [
      'an init container that makes the pods there larger',
      asks({ cpu: '3' }),
      [asks({ cpu: '1' }, { initContainers: [container({ cpu: '8' })] })],
      'unschedulable: Insufficient cpu',
    ],
    ['overhead that fits', asks({ cpu: '1' }, { overhead: { cpu: '1' } }), [asks({ cpu: '8' })], 'fits'],
    [
      'overhead that does not',
      asks({ cpu: '1' }, { overhead: { cpu: '2' } }),
      [asks({ cpu: '8' })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'overhead of a pod there',
      asks({ cpu: '1' }),
      [asks({ cpu: '8' }, { overhead: { cpu: '2' } })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'a request for the whole pod instead of the sum',
      asks({ cpu: '1' }, { resources: { requests: { cpu: '3' } } }),
      [asks({ cpu: '8' })],
      'unschedulable: Insufficient cpu',
    ],
    [
      'a request for the whole pod that fits',
      asks({}, { resources: { requests: { cpu: '2' } } }),
      [asks({ cpu: '8' })],
      'fits',
    ],
    [
      'a request for the whole pod of what none may be made',
      asks({ [gpu]: '1' }, { resources: { requests: { [gpu]: '9' } } }),
      [],
      'fits',
    ],
    [
      'a request for the whole pod with overhead',
      asks({}, { resources: { requests: { cpu: '2' } }, overhead: { cpu: cpu(1) } }),
      [asks({ cpu: '8' })],
      'unschedulable: Insufficient cpu',
    ],
    ['an extended resource', asks({ [gpu]: '3' }), [], 'fits'],
    ['an extended resource in use', asks({ [gpu]: '3' }), [asks({ [gpu]: '3' })], `unschedulable: Insufficient ${gpu}`],
    ['more of an extended resource than there is', asks({ [gpu]: '6' }), [], `unresolvable: Insufficient ${gpu}`],
    [
      'an extended resource nobody knows',
      asks({ 'example.com/other': '1' }),
      [],
      'unresolvable: Insufficient example.com/other',
    ],
    ['none of an extended resource nobody knows', asks({ 'example.com/other': '0' }), [], 'fits'],
    [
      'an extended resource of an init container',
      asks({}, { initContainers: [container({ [gpu]: '6' })] }),
      [],
      `unresolvable: Insufficient ${gpu}`,
    ],
    [
      'the largest of the init containers in an extended resource',
      asks({}, { initContainers: [container({ [gpu]: '3' }), container({ [gpu]: '3' })] }),
      [],
      'fits',
    ],
    ['huge pages', asks({ [huge]: '5' }), [], 'fits'],
    ['huge pages in use', asks({ [huge]: '3' }), [asks({ [huge]: '3' })], `unschedulable: Insufficient ${huge}`],
    ['ephemeral storage', asks({ 'ephemeral-storage': '10' }), [asks({ 'ephemeral-storage': '10' })], 'fits'],
    [
      'too little ephemeral storage',
      asks({ 'ephemeral-storage': '11' }),
      [asks({ 'ephemeral-storage': '10' })],
      'unschedulable: Insufficient ephemeral-storage',
    ],
    [
      'more ephemeral storage than there is',
      asks({ 'ephemeral-storage': '25' }),
      [],
      'unresolvable: Insufficient ephemeral-storage',
    ],
  ])('[H1] %s', (_what, pod, others, answer) => {
    expect(judge(nodeResourcesFit, pod, nodeInfoOf(machine, others))).toBe(answer);
  });

  it.each<[string, Pod, Requests, readonly Pod[], string]>([
    ['too many pods', asks({}), { pods: '1', cpu: '10' }, [asks({})], 'unschedulable: Too many pods'],
    [
      'too many pods, and nothing left',
      asks({ cpu: '1' }),
      { pods: '1', cpu: '1' },
      [asks({ cpu: '1' })],
      'unschedulable: Too many pods, Insufficient cpu',
    ],
    ['the last place', asks({}), { pods: '2' }, [asks({})], 'fits'],
    ['no place at all', asks({}), { pods: '0' }, [], 'unschedulable: Too many pods'],
    ['a node that does not say', asks({}), {}, [], 'unschedulable: Too many pods'],
  ])('[H1] %s', (_what, pod, allocatable, others, answer) => {
    expect(judge(nodeResourcesFit, pod, nodeInfoOf(node(allocatable), others))).toBe(answer);
  });

  it('counts what a container holds while it is being made smaller', () => {
    const shrinking = asks({ cpu: '1' });
    const containerStatuses = [
      { name: 'c', image: 'i', imageID: 'i', ready: true, restartCount: 0, allocatedResources: { cpu: '9' } },
    ];
    const there = { ...shrinking, status: { containerStatuses } };
    expect(judge(nodeResourcesFit, asks({ cpu: '2' }), nodeInfoOf(machine, [there]))).toBe(
      'unschedulable: Insufficient cpu',
    );
  });

  const small = { cpu: '4', memory: '10000', pods: '10' };
  it.each<[string, Pod, readonly [Requests, readonly Pod[]][], readonly number[]]>([
    [
      'two empty nodes of one size',
      asks({ cpu: '1', memory: '1000' }),
      [
        [small, []],
        [small, []],
      ],
      [82, 82],
    ],
    [
      'the larger node',
      asks({ cpu: '3', memory: '5000' }),
      [
        [{ ...small }, []],
        [{ ...small, cpu: '6' }, []],
      ],
      [37, 50],
    ],
    [
      'the emptier node',
      asks({ cpu: '1', memory: '0' }),
      [
        [small, [asks({ cpu: '2', memory: '0' })]],
        [small, []],
      ],
      [62, 87],
    ],
    ['a node that would be overfull', asks({ cpu: '5', memory: '0' }), [[small, []]], [50]],
    ['a node without memory', asks({ cpu: '1', memory: '0' }), [[{ cpu: '4', pods: '1' }, []]], [75]],
    ['a node without anything', asks({ cpu: '1' }), [[{ pods: '1' }, []]], [0]],
    [
      'pods that ask for nothing and count for a little',
      asks({ cpu: '0', memory: '0' }),
      [
        [{ cpu: '1', pods: '9' }, [asks({})]],
        [{ cpu: '1', pods: '9' }, []],
      ],
      [90, 100],
    ],
    [
      'a pod that asks for nothing',
      makePod({ spec: { containers: [{ name: 'c' }] } }),
      [[{ cpu: '1', memory: '400Mi', pods: '9' }, []]],
      [70],
    ],
  ])('scores %s', (_what, pod, nodes, expected) => {
    const infos = nodes.map(([allocatable, others]) => nodeInfoOf(node(allocatable), others));
    expect(scoresOf(nodeResourcesFit, pod, infos)).toEqual(expected);
  });

  const wanting = asks({ cpu: '4', memory: '2' });
  const absent = {};
  const small2 = node({ cpu: '2', memory: '9', pods: '9' });
  const large = node({ cpu: '8', memory: '9', pods: '9' });
  it.each<[string, Parameters<typeof changeHelps>[1], object, object, boolean]>([
    ['a pod that left', 'AssignedPodDelete', asks({ cpu: '1' }), absent, true],
    ['a pod that came', 'AssignedPodAdd', absent, asks({ cpu: '1' }), false],
    ['a pod that asks for less', 'AssignedPodUpdate', asks({ cpu: '2' }), asks({ cpu: '1' }), true],
    ['a pod that asks for more', 'AssignedPodUpdate', asks({ cpu: '1' }), asks({ cpu: '2' }), false],
    [
      'a pod that asks for less of something extended',
      'AssignedPodUpdate',
      asks({ [gpu]: '2' }),
      asks({ [gpu]: '1' }),
      true,
    ],
    ['the pod itself', 'PodUpdate', wanting, wanting, true],
    ['a node that is large enough', 'NodeAdd', absent, large, true],
    ['a node that is too small', 'NodeAdd', absent, small2, false],
    ['a node without room for pods', 'NodeAdd', absent, node({ cpu: '8', memory: '9', pods: '0' }), false],
    ['a node that grew enough', 'UpdateNodeAllocatable', small2, large, true],
    ['a node that grew, and not enough', 'UpdateNodeAllocatable', node({ cpu: '1', pods: '9' }), small2, false],
    ['a node that became smaller', 'UpdateNodeAllocatable', node({ cpu: '9', memory: '9', pods: '9' }), large, false],
    [
      'a node that grew in what the pod does not ask for',
      'UpdateNodeAllocatable',
      large,
      node({ cpu: '8', memory: '9', pods: '9', [gpu]: '1' }),
      false,
    ],
    ['a node that takes more pods', 'UpdateNodeAllocatable', large, node({ cpu: '8', memory: '9', pods: '10' }), true],
    ['the labels of a node', 'UpdateNodeLabel', large, large, false],
  ])('[H10] hears of %s', (_what, event, previous, current, helps) => {
    expect(changeHelps(nodeResourcesFit, event, wanting, previous, current)).toBe(helps);
  });
});
