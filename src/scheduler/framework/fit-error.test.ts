import { describe, expect, it } from 'vitest';
import { type Diagnosis, fitMessage } from './fit-error.ts';
import { NodeStatuses } from './node-statuses.ts';
import { type Status, unresolvable, unschedulable } from './status.ts';

const unhelpful = unresolvable('Preemption is not helpful for scheduling');

function diagnosis(nodeCount: number, statuses: Readonly<Record<string, Status>>, more: Partial<Diagnosis> = {}) {
  const nodes = new NodeStatuses(unhelpful);
  for (const [node, status] of Object.entries(statuses)) nodes.set(node, status);
  return { nodeCount, statuses: nodes, plugins: new Set<string>(), ...more };
}

describe('fitMessage', () => {
  it.each([
    ['no node at all', diagnosis(0, {}), '0/0 nodes are available:'],
    [
      'the reasons counted over the nodes, sorted as text',
      diagnosis(3, {
        a: unresolvable("node(s) didn't find available persistent volumes to bind"),
        b: unschedulable('Insufficient cpu', 'Insufficient memory'),
        c: unschedulable('Insufficient cpu'),
      }),
      "0/3 nodes are available: 1 Insufficient memory, 1 node(s) didn't find available persistent volumes to bind, 2 Insufficient cpu.",
    ],
    [
      'nodes that were not looked at',
      diagnosis(5, { a: unschedulable('Insufficient cpu') }),
      '0/5 nodes are available: 1 Insufficient cpu, 4 Preemption is not helpful for scheduling.',
    ],
    [
      'counts of two digits before those of one that are larger as text',
      diagnosis(12, { a: unschedulable('x'), b: unschedulable('x') }),
      '0/12 nodes are available: 10 Preemption is not helpful for scheduling, 2 x.',
    ],
    [
      'what PreFilter said, and nothing of the nodes',
      diagnosis(2, { a: unschedulable('x') }, { preFilterMessage: 'persistentvolumeclaim "c" not found' }),
      '0/2 nodes are available: persistentvolumeclaim "c" not found.',
    ],
    [
      'what PostFilter said, as it stands',
      diagnosis(1, { a: unschedulable('x') }, { postFilterMessage: 'preemption: none.' }),
      '0/1 nodes are available: 1 x. preemption: none.',
    ],
  ])('[H1][H2] tells of %s', (_what, given, message) => {
    expect(fitMessage(given)).toBe(message);
  });
});
