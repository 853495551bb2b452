import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { makeNode, makePod } from '../plugins/testing/neighbours.ts';
import { SchedulerCache } from './scheduler-cache.ts';

const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
const containers = [{ name: 'c', resources: { requests: { cpu: '1' } } }];
const near = { labelSelector: {}, topologyKey: 'zone' };

function pod(nodeName?: string, phase?: string, of?: Pod): Pod {
  const made = makePod({ apart: [near], spec: { containers, volumes } }, nodeName);
  return { ...made, ...(of ? { metadata: of.metadata } : {}), ...(phase ? { status: { phase } } : {}) };
}

/** What the cache says of a node and of all. */
function picture(cache: SchedulerCache, name = 'n1') {
  const info = cache.node(name);
  return {
    pods: info?.pods.size,
    milliCpu: info?.requested.milliCpu,
    claims: cache.claimUsers('default/data'),
    apart: cache.nodesWithRequiredAntiAffinity.map((node) => node.name),
  };
}

const empty = { pods: 0, milliCpu: 0, claims: 0, apart: [] };
const one = { pods: 1, milliCpu: 1000, claims: 1, apart: ['n1'] };

describe('SchedulerCache', () => {
  it.each<[string, (cache: SchedulerCache) => void, object]>([
    ['a node alone', () => {}, empty],
    ['a pod on it', (cache) => cache.setPod(pod('n1')), one],
    ['a pod that has no node', (cache) => cache.setPod(pod()), empty],
    [
      'a pod told of twice',
      (cache) => {
        const first = pod('n1');
        cache.setPod(first);
        cache.setPod(pod('n1', 'Running', first));
      },
      one,
    ],
    [
      'a pod that ended',
      (cache) => {
        const first = pod('n1');
        cache.setPod(first);
        cache.setPod(pod('n1', 'Succeeded', first));
      },
      empty,
    ],
    ['a pod first seen when it had ended', (cache) => cache.setPod(pod('n1', 'Failed')), empty],
    [
      'a pod that is gone',
      (cache) => {
        const first = pod('n1');
        cache.setPod(first);
        cache.removePod(first.metadata.uid);
      },
      empty,
    ],
    [
      'a pod gone twice',
      (cache) => {
        const first = pod('n1');
        cache.setPod(first);
        cache.removePod(first.metadata.uid);
        cache.removePod(first.metadata.uid);
      },
      empty,
    ],
    [
      'a pod that turns out to be elsewhere',
      (cache) => {
        const first = pod('n1');
        cache.setPod(first);
        cache.setNode(makeNode('n2'));
        cache.setPod(pod('n2', 'Running', first));
      },
      { ...empty, claims: 1, apart: ['n2'] },
    ],
    [
      'a node that changed',
      (cache) => {
        cache.setPod(pod('n1'));
        cache.setNode(makeNode('n1', { changed: 'yes' }));
      },
      one,
    ],
    [
      'a node that went',
      (cache) => {
        cache.setPod(pod('n1'));
        cache.removeNode('n1');
      },
      { pods: undefined, milliCpu: undefined, claims: 0, apart: [] },
    ],
    [
      'a node that came back to its pods',
      (cache) => {
        cache.setPod(pod('n1'));
        cache.removeNode('n1');
        cache.setNode(makeNode('n1'));
      },
      one,
    ],
    [
      'a pod that left while its node was away',
      (cache) => {
        const first = pod('n1');
        cache.setPod(first);
        cache.removeNode('n1');
        cache.removePod(first.metadata.uid);
        cache.setNode(makeNode('n1'));
      },
      empty,
    ],
  ])('knows %s', (_what, happen, expected) => {
    const cache = new SchedulerCache();
    cache.setNode(makeNode('n1'));
    happen(cache);
    expect(picture(cache)).toEqual(expected);
  });

  it('knows a pod that was there before its node', () => {
    const cache = new SchedulerCache();
    cache.setPod(pod('n1'));
    cache.setNode(makeNode('n1'));
    expect(picture(cache)).toEqual(one);
  });

  it('counts the nodes that have an image', () => {
    const cache = new SchedulerCache();
    const withImage = (name: string) => ({
      ...makeNode(name),
      status: { images: [{ names: ['x:1', 'x@sha'], sizeBytes: 7 }] },
    });
    cache.setNode(withImage('a'));
    cache.setNode(withImage('b'));
    cache.setNode(withImage('b'));
    const counts = [cache.imageNodes('x:1')];
    cache.setNode(makeNode('a'));
    counts.push(cache.imageNodes('x:1'));
    cache.removeNode('b');
    counts.push(cache.imageNodes('x:1'));
    expect(counts).toEqual([2, 1, 0]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['one zone as they came', { a: '', b: '', c: '' }, 'a b c'],
    ['zones in turn', { a1: 'a', a2: 'a', a3: 'a', b1: 'b', c1: 'c', c2: 'c' }, 'a1 b1 c1 a2 c2 a3'],
    ['those without a zone as one', { a1: 'a', x: '', a2: 'a', y: '' }, 'a1 x a2 y'],
  ])('orders nodes: %s', (_what, zones, expected) => {
    const cache = new SchedulerCache();
    for (const [name, zone] of Object.entries(zones)) {
      cache.setNode(makeNode(name, zone ? { 'topology.kubernetes.io/zone': zone } : {}));
    }
    expect(cache.nodes.map(({ name }) => name).join(' ')).toBe(expected);
  });

  it('a changed node is in a new generation, and no other is', () => {
    const cache = new SchedulerCache();
    for (const name of ['a', 'b']) cache.setNode(makeNode(name));
    const before = cache.nodes.map(({ generation }) => generation);
    cache.setPod(pod('b'));
    const after = cache.nodes.map(({ generation }) => generation);
    expect(after.map((generation, i) => generation === before[i])).toEqual([true, false]);
  });
});
