import { describe, expect, it } from 'vitest';
import { labelHostname, labelZone, type ReplicaSet, type Service, type StatefulSet } from '../../../api/index.ts';
import type { PodOptions } from '../testing/neighbours.ts';
import { type ScoreCase, scoresOf, soft } from './testing.ts';

const web: PodOptions = { labels: { app: 'web' } };

function pods(count: number, pod: PodOptions = web): readonly PodOptions[] {
  return Array.from({ length: count }, () => pod);
}

const fourHosts = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, { [labelHostname]: name }]));

/** As many pods on each of four hosts, and their scores. */
function onHosts(counts: readonly number[], scores: readonly number[], more: Partial<ScoreCase> = {}): ScoreCase {
  const names = ['a', 'b', 'c', 'd'];
  return {
    nodes: fourHosts,
    placed: Object.fromEntries(counts.map((count, index) => [names[index], pods(count)])),
    pod: { ...web, spread: [soft(labelHostname)] },
    expected: Object.fromEntries(scores.map((score, index) => [names[index], score])),
    ...more,
  };
}

const zones = {
  a1: { zone: 'a', [labelHostname]: 'a1' },
  a2: { zone: 'a', [labelHostname]: 'a2' },
  b1: { zone: 'b', [labelHostname]: 'b1' },
  b2: { zone: 'b', [labelHostname]: 'b2' },
};

const service = (selector: Record<string, string> | undefined, namespace = 'default') =>
  ({ metadata: { name: 'web', namespace }, spec: { selector } }) as Service;
const ownedBy = (kind: string, apiVersion = 'apps/v1'): PodOptions => ({
  ...web,
  meta: { ownerReferences: [{ apiVersion, kind, name: 'web', uid: 'owner', controller: true }] },
});
const workload = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'web' } } },
};

const soft1: Record<string, ScoreCase> = {
  'a pod that nothing spreads is left out': onHosts([1, 0, 0, 0], [], { pod: web, expected: 'skipped' }),
  'empty hosts are all best': onHosts([0, 0, 0, 0], [100, 100, 100, 100]),
  'hosts with as many pods are all best': onHosts([1, 1, 1, 1], [100, 100, 100, 100]),
  'fuller hosts score less': onHosts([2, 1, 0, 3], [20, 60, 100, 0]),
  'a larger skew waters the difference down': onHosts([2, 1, 0, 3], [33, 66, 100, 16], {
    pod: { ...web, spread: [soft(labelHostname, { maxSkew: 2 })] },
  }),
  'a skew of three waters it down more': onHosts([4, 3, 2, 1], [44, 66, 77, 100], {
    pod: { ...web, spread: [soft(labelHostname, { maxSkew: 3 })] },
  }),
  'a constraint without a selector finds all alike': onHosts([2, 1, 0, 3], [100, 100, 100, 100], {
    pod: { ...web, spread: [{ maxSkew: 1, topologyKey: labelHostname, whenUnsatisfiable: 'ScheduleAnyway' }] },
  }),
  'hosts that do not fit are not scored': onHosts([4, 2, 1, 3], [33, 83, 100], { unfit: ['d'] }),
  'a host without the label scores nothing': onHosts([4, 2, 1, 3], [], {
    nodes: { ...fourHosts, b: { other: 'b' } },
    unfit: ['d'],
    expected: { a: 16, b: 0, c: 100 },
  }),
  'the only host that fits is best': onHosts([2, 1, 0, 0], [100], { unfit: ['b', 'c', 'd'] }),
  'pods of other namespaces are not counted': onHosts([0, 0, 0, 0], [100, 100, 100, 100], {
    placed: { a: pods(3, { ...web, namespace: 'red' }) },
  }),
  'pods that are going away are not counted': onHosts([0, 0, 0, 0], [100, 100, 100, 100], {
    placed: { a: pods(3, { ...web, meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }) },
  }),
  'only pods with the same value under a matchLabelKey are counted': onHosts([0, 0, 0, 0], [], {
    placed: { a: pods(3, { labels: { app: 'web', revision: 'old' } }) },
    pod: { labels: { app: 'web', revision: 'new' }, spread: [soft(labelHostname, { matchLabelKeys: ['revision'] })] },
    expected: { a: 100, b: 100, c: 100, d: 100 },
  }),
};

const overZones: Record<string, ScoreCase> = {
  'a zone is as full as all its hosts, those that do not fit included': {
    nodes: zones,
    placed: { a1: pods(4), a2: pods(2), b1: pods(1), b2: pods(3) },
    unfit: ['b2'],
    pod: { ...web, spread: [soft('zone')] },
    // 6 and 4 pods, times ln(4), rounded: 8 and 6.
    expected: { a1: 75, a2: 75, b1: 100 },
  },
  'the pods of a zone without a host that fits do not matter': {
    nodes: zones,
    placed: { a1: pods(1), b1: pods(9) },
    unfit: ['b1', 'b2'],
    pod: { ...web, spread: [soft('zone')] },
    expected: { a1: 100, a2: 100 },
  },
  'zones and hosts add up': {
    nodes: zones,
    placed: { a1: pods(1), b1: pods(1), b2: pods(1) },
    pod: { ...web, spread: [soft('zone'), soft(labelHostname)] },
    // Zones weigh ln(4), hosts ln(6): 1.39 + 1.79, 1.39, 2.77 + 1.79 twice; rounded 3, 1, 5, 5.
    expected: { a1: 60, a2: 100, b1: 20, b2: 20 },
  },
  'constraints may count different pods': {
    nodes: zones,
    placed: { a1: pods(2), b1: pods(2, { labels: { app: 'db' } }) },
    pod: {
      ...web,
      spread: [soft('zone'), soft(labelHostname, { labelSelector: { matchLabels: { app: 'db' } } })],
    },
    // 2.77, 2.77, 3.58, 0; rounded 3, 3, 4, 0.
    expected: { a1: 25, a2: 25, b1: 0, b2: 100 },
  },
  'hosts that the node selector excludes are not counted': {
    nodes: {
      ...zones,
      b2: { ...zones.b2, disk: 'none' },
      b1: { ...zones.b1, disk: 'ssd' },
      a1: { ...zones.a1, disk: 'ssd' },
    },
    placed: { a1: pods(1), b2: pods(5) },
    unfit: ['a2', 'b2'],
    pod: { ...web, spread: [soft('zone')], spec: { nodeSelector: { disk: 'ssd' } } },
    expected: { a1: 0, b1: 100 },
  },
  'hosts that the node selector excludes are counted if it is to be ignored': {
    nodes: {
      ...zones,
      b2: { ...zones.b2, disk: 'none' },
      b1: { ...zones.b1, disk: 'ssd' },
      a1: { ...zones.a1, disk: 'ssd' },
    },
    placed: { a1: pods(1), b2: pods(5) },
    unfit: ['a2', 'b2'],
    pod: {
      ...web,
      spread: [soft('zone', { nodeAffinityPolicy: 'Ignore' })],
      spec: { nodeSelector: { disk: 'ssd' } },
    },
    // 1 and 5 pods, times ln(4), rounded: 1 and 7.
    expected: { a1: 100, b1: 14 },
  },
  'tainted hosts are not counted if taints are to be honoured': {
    nodes: zones,
    nodeSpecs: { b2: { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] } },
    placed: { a1: pods(1), b2: pods(5) },
    unfit: ['b2'],
    pod: { ...web, spread: [soft('zone', { nodeTaintsPolicy: 'Honor' })] },
    expected: { a1: 0, a2: 0, b1: 100 },
  },
};

const defaults: Record<string, ScoreCase> = {
  'pods of a service are spread over hosts': onHosts([4, 3, 2, 1], [44, 66, 77, 100], {
    pod: web,
    services: [service({ app: 'web' })],
  }),
  'pods of a StatefulSet are spread over hosts': onHosts([4, 3, 2, 1], [44, 66, 77, 100], {
    pod: ownedBy('StatefulSet'),
    statefulSets: [workload as unknown as StatefulSet],
  }),
  'pods of a ReplicaSet are spread over hosts': onHosts([4, 3, 2, 1], [44, 66, 77, 100], {
    pod: ownedBy('ReplicaSet'),
    replicaSets: [workload as unknown as ReplicaSet],
  }),
  'pods of a ReplicationController are spread over hosts': onHosts([4, 3, 2, 1], [44, 66, 77, 100], {
    pod: ownedBy('ReplicationController', 'v1'),
    replicationControllers: [{ ...workload, spec: { selector: { app: 'web' } } } as never],
  }),
  'pods of an unknown owner are left out': onHosts([4, 3, 2, 1], [], {
    pod: ownedBy('Rollout', 'example.com/v1'),
    expected: 'skipped',
  }),
  'a service of another namespace spreads nothing': onHosts([4, 3, 2, 1], [], {
    pod: web,
    services: [service({ app: 'web' }, 'red')],
    expected: 'skipped',
  }),
  'a service without a selector spreads nothing': onHosts([4, 3, 2, 1], [], {
    pod: web,
    services: [service(undefined)],
    expected: 'skipped',
  }),
  'a service that selects other pods spreads nothing': onHosts([4, 3, 2, 1], [], {
    pod: web,
    services: [service({ app: 'db' })],
    expected: 'skipped',
  }),
  'own constraints replace the defaults': onHosts([4, 3, 2, 1], [], {
    pod: { ...web, spread: [{ ...soft('zone'), whenUnsatisfiable: 'DoNotSchedule' }] },
    services: [service({ app: 'web' })],
    expected: 'skipped',
  }),
  'hosts and zones are both spread over where there are zones': {
    nodes: {
      a1: { [labelZone]: 'a', [labelHostname]: 'a1' },
      b1: { [labelZone]: 'b', [labelHostname]: 'b1' },
      b2: { [labelZone]: 'b', [labelHostname]: 'b2' },
    },
    placed: { a1: pods(2), b1: pods(1) },
    pod: web,
    services: [service({ app: 'web' })],
    // Hosts weigh ln(5) plus 2, zones ln(4) plus 4: 11.99, 8.99, 7.39; rounded 12, 9, 7.
    expected: { a1: 58, b1: 83, b2: 100 },
  },
};

describe('PodTopologySpread score', () => {
  describe('[U1] over hosts', () => {
    it.each(Object.entries(soft1))('%s', (_, given) => expect(scoresOf(given)).toEqual(given.expected));
  });
  describe('[U1] over zones', () => {
    it.each(Object.entries(overZones))('%s', (_, given) => expect(scoresOf(given)).toEqual(given.expected));
  });
  describe('[U1] by default', () => {
    it.each(Object.entries(defaults))('%s', (_, given) => expect(scoresOf(given)).toEqual(given.expected));
  });
});
