import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { nodePorts } from './node-ports.ts';
import { changeHelps } from './testing/hints.ts';
import { judge, nodeInfoOf } from './testing/judge.ts';
import { makeNode, makePod } from './testing/neighbours.ts';

const refused = "unschedulable: node(s) didn't have free ports for the requested pod ports";

/** `protocol/address/port`, each left out where the default is meant. */
function portOf(text: string) {
  const [protocol = '', hostIP = '', hostPort = ''] = text.split('/');
  return { containerPort: 80, hostPort: Number(hostPort), ...(protocol && { protocol }), ...(hostIP && { hostIP }) };
}

function taking(ports: readonly string[], sidecarPorts: readonly string[] = [], restartPolicy = 'Always'): Pod {
  const initContainers = [{ name: 's', restartPolicy, ports: sidecarPorts.map(portOf) }];
  return makePod({ spec: { containers: [{ name: 'c', ports: ports.map(portOf) }], initContainers } });
}

describe('NodePorts', () => {
  it.each<[string, Pod, readonly Pod[], string]>([
    ['no ports', taking([]), [taking(['TCP/127.0.0.1/8080'])], 'skip'],
    [
      'a port of the container alone',
      makePod({ spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] } }),
      [],
      'skip',
    ],
    ['another port', taking(['UDP/127.0.0.1/8080']), [taking(['UDP/127.0.0.1/9090'])], 'fits'],
    ['the same port', taking(['UDP/127.0.0.1/8080']), [taking(['UDP/127.0.0.1/8080'])], refused],
    ['the same port over another protocol', taking(['TCP/127.0.0.1/8080']), [taking(['UDP/127.0.0.1/8080'])], 'fits'],
    ['the same port of another address', taking(['TCP/127.0.0.1/8080']), [taking(['TCP/127.0.0.2/8080'])], 'fits'],
    ['a port of all addresses, taken on one', taking(['TCP/0.0.0.0/8080']), [taking(['TCP/127.0.0.1/8080'])], refused],
    ['a port of one address, taken on all', taking(['TCP/127.0.0.1/8080']), [taking(['TCP/0.0.0.0/8080'])], refused],
    ['TCP on all addresses as the default', taking(['//8080']), [taking(['TCP/10.0.0.1/8080'])], refused],
    ['one port of several', taking(['//8001', '//8080']), [taking(['//8080', '//9090'])], refused],
    ['a port of the second pod there', taking(['//8080']), [taking(['//9090']), taking(['//8080'])], refused],
    ['a port of a sidecar', taking([], ['//8080']), [taking(['//8080'])], refused],
    ['a port that a sidecar took', taking(['//8080']), [taking([], ['//8080'])], refused],
    [
      'a port of an init container, which is gone by then',
      taking(['//8080']),
      [taking([], ['//8080'], 'Never')],
      'fits',
    ],
  ])('[H1] %s', (_what, pod, others, answer) => {
    expect(judge(nodePorts, pod, nodeInfoOf(makeNode('n1'), others))).toBe(answer);
  });

  it('a port is free when all pods that had it are gone', () => {
    const [first, second] = [taking(['TCP/10.0.0.1/80']), taking(['TCP/10.0.0.1/80'])];
    const info = nodeInfoOf(makeNode('n1'), [first, second]);
    const answers = [first, second].map((pod) => {
      info.removePod(pod.metadata.uid);
      return judge(nodePorts, taking(['//80']), info);
    });
    expect(answers).toEqual([refused, 'fits']);
  });

  const pod = taking(['TCP/10.0.0.1/80']);
  it.each<[string, Parameters<typeof changeHelps>[1], object, object, boolean]>([
    ['a pod that left its port', 'AssignedPodDelete', taking(['//80']), {}, true],
    ['a pod that left another port', 'AssignedPodDelete', taking(['//81']), {}, false],
    ['a pod that left the port of another address', 'AssignedPodDelete', taking(['TCP/10.0.0.2/80']), {}, false],
    ['a pod without ports that left', 'AssignedPodDelete', taking([]), {}, false],
    ['a new node', 'NodeAdd', {}, makeNode('n1'), true],
    ['a node that grew', 'UpdateNodeAllocatable', makeNode('n1'), makeNode('n1'), false],
  ])('[H10] hears of %s', (_what, event, previous, current, helps) => {
    expect(changeHelps(nodePorts, event, pod, previous, current)).toBe(helps);
  });
});
