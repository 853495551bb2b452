import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../api/index.ts';
import { eventsOfNodeChange, schedulingInputChanged } from './events-of-change.ts';
import { makeNode, makePod } from './plugins/testing/neighbours.ts';

function node(more: Partial<Node> = {}): Node {
  return { ...makeNode('n', { zone: 'a' }), ...more };
}

const conditions = (status: string, heartbeat = '1') => [{ type: 'Ready', status, lastHeartbeatTime: heartbeat }];

describe('eventsOfNodeChange', () => {
  it.each<[string, Node, Node, readonly string[]]>([
    ['nothing', node(), node(), []],
    ['a label', node(), { ...node(), metadata: { ...node().metadata, labels: { zone: 'b' } } }, ['UpdateNodeLabel']],
    [
      'an annotation',
      node(),
      { ...node(), metadata: { ...node().metadata, annotations: { a: 'b' } } },
      ['UpdateNodeAnnotation'],
    ],
    ['a taint', node(), node({ spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }), ['UpdateNodeTaint']],
    ['the cordon', node(), node({ spec: { unschedulable: true } }), ['UpdateNodeTaint']],
    ['what it has', node(), node({ status: { allocatable: { cpu: '1' } } }), ['UpdateNodeAllocatable']],
    ['its capacity alone', node(), node({ status: { capacity: { cpu: '1' } } }), []],
    [
      'a condition',
      node({ status: { conditions: conditions('True') } }),
      node({ status: { conditions: conditions('False') } }),
      ['UpdateNodeCondition'],
    ],
    [
      'a heartbeat',
      node({ status: { conditions: conditions('True', '1') } }),
      node({ status: { conditions: conditions('True', '2') } }),
      [],
    ],
    ['images', node(), node({ status: { images: [{ names: ['x'] }] } }), []],
    [
      'two things',
      node(),
      node({ spec: { unschedulable: true }, status: { allocatable: { cpu: '1' } } }),
      ['UpdateNodeAllocatable', 'UpdateNodeTaint'],
    ],
  ])('[H10] tells of %s', (_what, previous, current, events) => {
    expect(eventsOfNodeChange(previous, current)).toEqual(events);
  });
});

describe('schedulingInputChanged', () => {
  const pod = makePod({ labels: { app: 'x' }, meta: { name: 'p' } });
  const status = (allocated: string): NonNullable<Pod['status']> => ({
    containerStatuses: [
      { name: 'c', image: 'i', imageID: 'i', ready: true, restartCount: 0, allocatedResources: { cpu: allocated } },
    ],
  });
  it.each<[string, Pod, boolean]>([
    ['nothing', { ...pod }, false],
    ['the status', { ...pod, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }, false],
    ['annotations', { ...pod, metadata: { ...pod.metadata, annotations: { a: 'b' } } }, false],
    ['labels', { ...pod, metadata: { ...pod.metadata, labels: { app: 'y' } } }, true],
    ['tolerations', { ...pod, spec: { ...pod.spec, tolerations: [{ operator: 'Exists' }] } }, true],
    ['gates', { ...pod, spec: { ...pod.spec, schedulingGates: [{ name: 'g' }] } }, true],
    ['what its containers hold', { ...pod, status: status('1') }, true],
  ])('[H10] says whether %s matters', (_what, current, matters) => {
    expect(schedulingInputChanged(pod, current)).toBe(matters);
  });
});
