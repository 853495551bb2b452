import { describe, expect, it } from 'vitest';
import { fitMessage, unresolvable, unschedulable } from './status.ts';

describe('fitMessage', () => {
  it('[H2] counts the reasons over the nodes and says whether preemption would help', () => {
    const rejections = [
      unresolvable("node(s) didn't find available persistent volumes to bind"),
      unschedulable('Insufficient cpu', 'Insufficient memory'),
      unschedulable('Insufficient cpu'),
    ];
    expect(fitMessage(3, rejections)).toBe(
      "0/3 nodes are available: 1 Insufficient memory, 1 node(s) didn't find available persistent volumes to bind, " +
        '2 Insufficient cpu. preemption: 0/3 nodes are available: 2 No preemption victims found for incoming pod, ' +
        '1 Preemption is not helpful for scheduling.',
    );
  });

  it('[H1] names the one reason that keeps a pod from every node', () => {
    expect(fitMessage(1, [], 'pod has unbound immediate PersistentVolumeClaims')).toBe(
      '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: ' +
        '0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
  });
});
