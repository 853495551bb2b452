import { describe, expect, it } from 'vitest';
import type { Node, Taint } from '../../api/index.ts';
import { VirtualClock } from '../../base/index.ts';
import { testMeta } from '../common/test-objects.ts';
import { silencedConditions, wantedTaints } from './decide-node.ts';
import { NodeHealth } from './node-health.ts';
import { EvictionPace, ZoneCensus, zoneOf } from './zones.ts';

const now = '2026-01-01T01:00:00Z';

interface TestNode {
  readonly conditions?: Readonly<Record<string, string>>;
  readonly taints?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly unschedulable?: boolean;
}

function testNode(
  name: string,
  { conditions = {}, taints = [], labels = {}, unschedulable = false }: TestNode = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: testMeta(name, { labels }),
    spec: { taints: taints.map(toTaint), ...(unschedulable ? { unschedulable } : {}) },
    status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
  };
}

function toTaint(text: string): Taint {
  const [key = '', effect = ''] = text.split(':');
  return { key: key.startsWith('x/') ? key : `node.kubernetes.io/${key}`, effect };
}

function taintsAfter(node: Node, mayEvict: boolean): string[] | undefined {
  return wantedTaints(node, { mayEvict, now })?.map(
    ({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`,
  );
}

describe('the taints of a node', () => {
  it.each<[string, TestNode, boolean, string[] | undefined]>([
    ['of which nothing is known', {}, true, undefined],
    ['that is ready', { conditions: { Ready: 'True' } }, true, undefined],
    ['that is not ready', { conditions: { Ready: 'False' } }, true, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    ['that is not ready and must not be emptied', { conditions: { Ready: 'False' } }, false, ['not-ready:NoSchedule']],
    ['that is silent', { conditions: { Ready: 'Unknown' } }, true, ['unreachable:NoSchedule', 'unreachable:NoExecute']],
    [
      'that fell silent',
      { conditions: { Ready: 'Unknown' }, taints: ['not-ready:NoSchedule', 'not-ready:NoExecute'] },
      true,
      ['unreachable:NoSchedule', 'unreachable:NoExecute'],
    ],
    [
      'that came back',
      {
        conditions: { Ready: 'True' },
        taints: ['unreachable:NoSchedule', 'x/mine:NoExecute', 'unreachable:NoExecute'],
      },
      true,
      ['x/mine:NoExecute'],
    ],
    [
      'under pressure',
      { conditions: { Ready: 'True', MemoryPressure: 'True', PIDPressure: 'Unknown' } },
      true,
      ['memory-pressure:NoSchedule'],
    ],
    [
      'without network',
      { conditions: { Ready: 'True', NetworkUnavailable: 'True' } },
      true,
      ['network-unavailable:NoSchedule'],
    ],
    ['that is cordoned', { conditions: { Ready: 'True' }, unschedulable: true }, true, ['unschedulable:NoSchedule']],
    [
      'that is as it should be',
      { conditions: { Ready: 'False' }, taints: ['not-ready:NoSchedule', 'not-ready:NoExecute'] },
      true,
      undefined,
    ],
    [
      'that others fenced',
      { conditions: { Ready: 'True' }, taints: ['out-of-service:NoExecute', 'unschedulable:NoExecute'] },
      true,
      undefined,
    ],
  ])('[U1] %s', (_title, node, mayEvict, expected) => {
    expect(taintsAfter(testNode('n', node), mayEvict)).toEqual(expected);
  });
});

describe('the conditions of a silent node', () => {
  it('[U1] keep what is not the agent’s, and are written once', () => {
    const conditions = silencedConditions(
      testNode('n', { conditions: { Ready: 'True', NetworkUnavailable: 'False' } }),
      now,
    );
    expect(conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Ready Unknown',
      'NetworkUnavailable False',
      'MemoryPressure Unknown',
      'DiskPressure Unknown',
      'PIDPressure Unknown',
    ]);
    const silenced = { ...testNode('n'), status: { conditions: conditions ?? [] } };
    expect(silencedConditions(silenced, now)).toBeUndefined();
  });
});

describe('signs of life', () => {
  const lease = (renewTime: string) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: testMeta('n', { namespace: 'kube-node-lease' }),
    spec: { renewTime },
  });
  it('[U1] are new words, whatever time they tell', async () => {
    const clock = new VirtualClock();
    const health = new NodeHealth(clock);
    health.observeLease(lease('2020-01-01T00:00:00.000000Z'));
    await clock.advance(30_000);
    health.observeLease(lease('2020-01-01T00:00:00.000000Z'));
    expect(health.silentForMs('n')).toBe(30_000);
    health.observeLease(lease('2020-01-01T00:00:10.000000Z'));
    expect(health.silentForMs('n')).toBe(0);
    await clock.advance(20_000);
    const node = testNode('n', { conditions: { Ready: 'True' } });
    health.observeNode(node);
    expect(health.silentForMs('n')).toBe(20_000);
    health.observeNode({
      ...node,
      status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: now }] },
    });
    expect(health.silentForMs('n')).toBe(0);
    health.forget('n');
    expect(health.silentForMs('n')).toBe(0);
  });
});

describe('how many nodes of a zone may be emptied', () => {
  function census(ready: number, unhealthy: number, more: readonly Node[] = []): ZoneCensus {
    const counted = new ZoneCensus();
    for (let at = 0; at < ready + unhealthy; at++) {
      counted.set(testNode(`n${at}`, { conditions: { Ready: at < ready ? 'True' : 'False' } }));
    }
    for (const node of more) counted.set(node);
    return counted;
  }
  const zone = zoneOf(testNode('n'));
  it.each([
    [3, 1, 0.1],
    [1, 2, 0.1],
    [1, 3, 0],
    [3, 3, 0.1],
    [20, 31, 0.01],
    [0, 1, 0],
  ])('[U1] with %i ready and %i unhealthy is %f per second', (ready, unhealthy, rate) => {
    expect(census(ready, unhealthy).evictionRate(zone)).toBe(rate);
  });

  it('[U1] when all of it is lost is the normal number, as long as another zone lives', () => {
    const other = testNode('far', { conditions: { Ready: 'True' }, labels: { 'topology.kubernetes.io/zone': 'b' } });
    const counted = census(0, 4, [other]);
    expect(counted.evictionRate(zone)).toBe(0.1);
    counted.delete('far');
    expect([counted.isAllSilent, counted.evictionRate(zone)]).toEqual([true, 0]);
  });

  it('[U1] is what the operator sets', () => {
    const limits = { evictionRate: 2, secondaryEvictionRate: 1, largeClusterSize: 3, unhealthyZoneThreshold: 0.8 };
    const counted = new ZoneCensus(limits);
    const rateWith = (name: string, state: string) => {
      counted.set(testNode(name, { conditions: { Ready: state } }));
      return counted.evictionRate(zone);
    };
    expect(rateWith('a', 'True')).toBe(2);
    expect(['b', 'c', 'd', 'e'].map((name) => rateWith(name, 'False'))).toEqual([2, 2, 2, 1]);
    const small = new ZoneCensus({ ...limits, largeClusterSize: 9, unhealthyZoneThreshold: 0.1 });
    for (const [name, state] of Object.entries({ a: 'True', b: 'False', c: 'False', d: 'False' })) {
      small.set(testNode(name, { conditions: { Ready: state } }));
    }
    expect(small.evictionRate(zone)).toBe(0);
  });

  it('[U1] does not count nodes that are excluded', () => {
    const excluded = testNode('x', {
      conditions: { Ready: 'True' },
      labels: { 'node.kubernetes.io/exclude-disruption': '' },
    });
    expect(census(0, 2, [excluded]).isAllSilent).toBe(true);
    expect(new ZoneCensus().isAllSilent).toBe(false);
  });

  it('[U1] is one at once, and the next when its time has come', async () => {
    const clock = new VirtualClock();
    const pace = new EvictionPace(clock);
    expect([pace.take('a', 0.1), pace.take('a', 0.1), pace.take('b', 0.1)]).toEqual([0, 10_000, 0]);
    await clock.advance(10_000);
    expect(pace.take('a', 0.1)).toBe(0);
  });
});
