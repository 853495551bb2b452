import { describe, expect, it } from 'vitest';
import { expression, type PodOptions, term } from '../testing/neighbours.ts';
import { affinityRules, antiAffinityRules, existingRules, type FilterCase, fitsWhere } from './testing.ts';

const web = { app: 'web' };
const db = { app: 'db' };
const twoZones = { a1: { zone: 'a', host: 'a1' }, a2: { zone: 'a', host: 'a2' }, b1: { zone: 'b', host: 'b1' } };
const teams = { default: {}, red: { team: 'red' }, blue: { team: 'blue' } };

/** The usual case: one node with one pod of these labels. */
function besides(existing: PodOptions, pod: PodOptions, answer: string): FilterCase {
  return { nodes: { n1: { zone: 'a', region: 'r' } }, placed: { n1: [existing] }, pod, expected: { n1: answer } };
}

const oneNode: Record<string, FilterCase> = {
  'a pod that says nothing fits on an empty node': {
    nodes: { n1: { zone: 'a' } },
    pod: {},
    expected: { n1: 'skipped' },
  },
  'a pod that says nothing fits beside one that says nothing': besides({ labels: web }, {}, 'skipped'),
  'affinity by In is satisfied': besides(
    { labels: web },
    { near: [term('region', expression('app', 'In', 'web', 'db'))] },
    'fits',
  ),
  'affinity by NotIn is satisfied by another value': besides(
    { labels: web },
    { near: [term('region', expression('app', 'NotIn', 'db'))] },
    'fits',
  ),
  'affinity by NotIn is not satisfied by the value': besides(
    { labels: web },
    { labels: web, near: [term('region', expression('app', 'NotIn', 'web'))] },
    affinityRules,
  ),
  'affinity by Exists is satisfied': besides(
    { labels: web },
    { near: [term('region', expression('app', 'Exists'))] },
    'fits',
  ),
  'affinity by DoesNotExist is refused where the label exists': besides(
    { labels: web },
    { labels: web, near: [term('region', expression('app', 'DoesNotExist'))] },
    affinityRules,
  ),
  'a pod without labels is the first of those that are not the others': besides(
    { labels: web },
    { near: [term('region', expression('app', 'NotIn', 'web'))] },
    'fits',
  ),
  'affinity to nobody there is refused': besides({ labels: db }, { near: [term('region', web)] }, affinityRules),
  'affinity to pods of another namespace is not satisfied by the own': besides(
    { labels: web },
    { near: [term('region', web, { namespaces: ['red'] })] },
    affinityRules,
  ),
  'affinity to pods of a named namespace is satisfied': besides(
    { labels: web, namespace: 'red' },
    { near: [term('region', web, { namespaces: ['red'] })] },
    'fits',
  ),
  'several affinity terms are satisfied by one pod': besides(
    { labels: { ...web, tier: 'front' } },
    { near: [term('region', expression('app', 'In', 'web')), term('zone', expression('tier', 'Exists'))] },
    'fits',
  ),
  'several affinity terms need one pod that satisfies all of them': {
    nodes: { n1: { zone: 'a', region: 'r' } },
    placed: { n1: [{ labels: web }, { labels: { tier: 'front' } }] },
    pod: { near: [term('region', web), term('zone', { tier: 'front' })] },
    expected: { n1: affinityRules },
  },
  'an affinity term with several requirements needs all of them': besides(
    { labels: web },
    {
      near: [
        term('region', {
          matchExpressions: [
            { key: 'app', operator: 'Exists' },
            { key: 'tier', operator: 'In', values: ['front'] },
          ],
        }),
      ],
    },
    affinityRules,
  ),
  'a term without a selector selects nothing': besides(
    { labels: web },
    { near: [{ topologyKey: 'region' }] },
    affinityRules,
  ),
  'a term with an empty selector selects every pod of the namespace': besides(
    {},
    { near: [{ topologyKey: 'region', labelSelector: {} }] },
    'fits',
  ),
  'affinity and anti-affinity are both satisfied': besides(
    { labels: web },
    { near: [term('region', web)], apart: [term('zone', db)] },
    'fits',
  ),
  'anti-affinity is refused although affinity is satisfied': besides(
    { labels: web },
    { near: [term('region', web)], apart: [term('zone', web)] },
    antiAffinityRules,
  ),
  'affinity is named first where both are broken': besides(
    { labels: web },
    { near: [term('region', db)], apart: [term('zone', web)] },
    affinityRules,
  ),
  'anti-affinity to others is no obstacle': besides({ labels: web }, { apart: [term('zone', db)] }, 'fits'),
  'anti-affinity over a label that the node lacks is no obstacle': besides(
    { labels: web },
    { apart: [term('rack', web)] },
    'fits',
  ),
  'affinity over a label that the node lacks is refused': besides(
    { labels: web },
    { near: [term('rack', web)] },
    affinityRules,
  ),
  'anti-affinity to pods of another namespace is no obstacle': besides(
    { labels: web },
    { apart: [term('zone', web, { namespaces: ['red'] })] },
    'fits',
  ),
  'the anti-affinity of an existing pod keeps the pod away': besides(
    { labels: db, apart: [term('zone', web)] },
    { labels: web },
    existingRules,
  ),
  'the anti-affinity of an existing pod against others is no obstacle': besides(
    { labels: db, apart: [term('zone', { app: 'cache' })] },
    { labels: web },
    'skipped',
  ),
  'the anti-affinity of an existing pod in another namespace is no obstacle': besides(
    { labels: db, namespace: 'red', apart: [term('zone', web)] },
    { labels: web },
    'skipped',
  ),
  'the anti-affinity of an existing pod that names the namespace of the pod counts': besides(
    { labels: db, namespace: 'red', apart: [term('zone', web, { namespaces: ['default'] })] },
    { labels: web },
    existingRules,
  ),
  'the affinity of an existing pod is no obstacle': besides(
    { labels: db, near: [term('zone', { app: 'cache' })] },
    { labels: web },
    'skipped',
  ),
  'both sides keep apart, and the own rule is named first': besides(
    { labels: db, apart: [term('zone', web)] },
    { labels: web, apart: [term('zone', db)] },
    antiAffinityRules,
  ),
  'affinity is satisfied and the existing pod objects': besides(
    { labels: db, apart: [term('zone', web)] },
    { labels: web, near: [term('region', db)] },
    existingRules,
  ),
  'an existing pod objects by its second term': besides(
    { labels: db, apart: [term('zone', { app: 'cache' }), term('region', web)] },
    { labels: web },
    existingRules,
  ),
  'an existing pod objects by NotIn': besides(
    { labels: db, apart: [term('zone', expression('app', 'NotIn', 'cache'))] },
    { labels: web },
    existingRules,
  ),
  'a preferred anti-affinity forbids nothing': besides(
    { labels: web },
    { preferApart: [[100, term('zone', web)]] },
    'skipped',
  ),
  'a pod that is going away still keeps others away': besides(
    { labels: web, meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    { apart: [term('zone', web)] },
    antiAffinityRules,
  ),
};

const firstOfItsKind: Record<string, FilterCase> = {
  'the first pod that wants its like goes anywhere': {
    nodes: twoZones,
    pod: { labels: web, near: [term('zone', web)] },
    expected: { a1: 'fits', a2: 'fits', b1: 'fits' },
  },
  'the first pod that does not match its own term waits': {
    nodes: twoZones,
    pod: { labels: db, near: [term('zone', web)] },
    expected: { a1: affinityRules, a2: affinityRules, b1: affinityRules },
  },
  'the first pod must match all its own terms': {
    nodes: twoZones,
    pod: { labels: web, near: [term('zone', web), term('host', db)] },
    expected: { a1: affinityRules, a2: affinityRules, b1: affinityRules },
  },
  'the first pod needs a node with the topology label': {
    nodes: { ...twoZones, bare: { host: 'bare' }, unlabelled: undefined },
    pod: { labels: web, near: [term('zone', web)] },
    expected: { a1: 'fits', a2: 'fits', b1: 'fits', bare: affinityRules, unlabelled: affinityRules },
  },
  'the second pod joins the first': {
    nodes: twoZones,
    placed: { a1: [{ labels: web }] },
    pod: { labels: web, near: [term('zone', web)] },
    expected: { a1: 'fits', a2: 'fits', b1: affinityRules },
  },
  'a like pod of another namespace is not one of its kind': {
    nodes: twoZones,
    placed: { a1: [{ labels: web, namespace: 'red' }] },
    pod: { labels: web, near: [term('zone', web)] },
    expected: { a1: 'fits', a2: 'fits', b1: 'fits' },
  },
  'a pod that means another namespace is never the first of its kind': {
    nodes: twoZones,
    pod: { labels: web, near: [term('zone', web, { namespaces: ['red'] })] },
    expected: { a1: affinityRules, a2: affinityRules, b1: affinityRules },
  },
  'a like pod on a node without the topology label does not count': {
    nodes: { ...twoZones, bare: {} },
    placed: { bare: [{ labels: web }] },
    pod: { labels: web, near: [term('zone', web)] },
    expected: { a1: 'fits', a2: 'fits', b1: 'fits', bare: affinityRules },
  },
  'the first pod that also keeps its like away from its host goes anywhere': {
    nodes: twoZones,
    pod: { labels: web, near: [term('zone', web)], apart: [term('host', web)] },
    expected: { a1: 'fits', a2: 'fits', b1: 'fits' },
  },
  'the second such pod goes to the same zone and another host': {
    nodes: twoZones,
    placed: { a1: [{ labels: web }] },
    pod: { labels: web, near: [term('zone', web)], apart: [term('host', web)] },
    expected: { a1: antiAffinityRules, a2: 'fits', b1: affinityRules },
  },
};

const severalNodes: Record<string, FilterCase> = {
  'affinity by zone is satisfied on every node of the zone': {
    nodes: twoZones,
    placed: { a1: [{ labels: db }] },
    pod: { near: [term('zone', db)] },
    expected: { a1: 'fits', a2: 'fits', b1: affinityRules },
  },
  'affinity by host is satisfied on that host': {
    nodes: twoZones,
    placed: { a1: [{ labels: db }] },
    pod: { near: [term('host', db)] },
    expected: { a1: 'fits', a2: affinityRules, b1: affinityRules },
  },
  'affinity by zone and by host is satisfied where both are': {
    nodes: twoZones,
    placed: { a2: [{ labels: db }] },
    pod: { near: [term('zone', db), term('host', db)] },
    expected: { a1: affinityRules, a2: 'fits', b1: affinityRules },
  },
  'affinity may be satisfied by different pods for different domains': {
    nodes: twoZones,
    placed: { a1: [{ labels: db }], b1: [{ labels: db }] },
    pod: { near: [term('zone', db)] },
    expected: { a1: 'fits', a2: 'fits', b1: 'fits' },
  },
  'anti-affinity by zone leaves the other zone': {
    nodes: twoZones,
    placed: { a1: [{ labels: web }] },
    pod: { apart: [term('zone', web)] },
    expected: { a1: antiAffinityRules, a2: antiAffinityRules, b1: 'fits' },
  },
  'anti-affinity by host leaves the other hosts': {
    nodes: twoZones,
    placed: { a1: [{ labels: web }] },
    pod: { labels: web, apart: [term('host', web)] },
    expected: { a1: antiAffinityRules, a2: 'fits', b1: 'fits' },
  },
  'every anti-affinity term forbids on its own': {
    nodes: twoZones,
    placed: { a1: [{ labels: web }], b1: [{ labels: db }] },
    pod: { apart: [term('host', web), term('zone', db)] },
    expected: { a1: antiAffinityRules, a2: 'fits', b1: antiAffinityRules },
  },
  'the anti-affinity of an existing pod covers its whole zone': {
    nodes: twoZones,
    placed: { a2: [{ apart: [term('zone', web)] }] },
    pod: { labels: web },
    expected: { a1: existingRules, a2: existingRules, b1: 'fits' },
  },
  'the anti-affinity of existing pods in each zone leaves none': {
    nodes: twoZones,
    placed: { a2: [{ apart: [term('zone', web)] }], b1: [{ apart: [term('host', web)] }] },
    pod: { labels: web },
    expected: { a1: existingRules, a2: existingRules, b1: existingRules },
  },
  'the anti-affinity of an existing pod over a label that its node lacks binds nobody': {
    nodes: twoZones,
    placed: { a2: [{ apart: [term('rack', web)] }] },
    pod: { labels: web },
    expected: { a1: 'skipped', a2: 'skipped', b1: 'skipped' },
  },
  'a node without the label is out of the reach of others': {
    nodes: { ...twoZones, bare: {} },
    placed: { a2: [{ apart: [term('zone', web)] }], b1: [{ apart: [term('zone', web)] }] },
    pod: { labels: web },
    expected: { a1: existingRules, a2: existingRules, b1: existingRules, bare: 'fits' },
  },
  'each node is told its own reason': {
    nodes: twoZones,
    placed: { a1: [{ labels: db }, { labels: web }], a2: [{ labels: db, apart: [term('host', { app: 'new' })] }] },
    pod: { labels: { app: 'new' }, near: [term('zone', db)], apart: [term('host', web)] },
    expected: { a1: antiAffinityRules, a2: existingRules, b1: affinityRules },
  },
};

const acrossNamespaces: Record<string, FilterCase> = {
  'a namespace selector selects the namespaces of the pods': {
    nodes: twoZones,
    namespaces: teams,
    placed: { a1: [{ labels: db, namespace: 'red' }], b1: [{ labels: db, namespace: 'blue' }] },
    pod: { near: [term('zone', db, { namespaceSelector: { matchLabels: { team: 'red' } } })] },
    expected: { a1: 'fits', a2: 'fits', b1: affinityRules },
  },
  'an empty namespace selector selects all namespaces, unknown ones too': {
    nodes: twoZones,
    namespaces: teams,
    placed: { b1: [{ labels: db, namespace: 'not-seen-yet' }] },
    pod: { near: [term('zone', db, { namespaceSelector: {} })] },
    expected: { a1: affinityRules, a2: affinityRules, b1: 'fits' },
  },
  'named namespaces and selected ones add up': {
    nodes: twoZones,
    namespaces: teams,
    placed: { a1: [{ labels: db, namespace: 'red' }], b1: [{ labels: db, namespace: 'blue' }] },
    pod: {
      near: [term('zone', db, { namespaces: ['blue'], namespaceSelector: { matchLabels: { team: 'red' } } })],
    },
    expected: { a1: 'fits', a2: 'fits', b1: 'fits' },
  },
  'a namespace selector that selects none leaves the own namespace out': {
    nodes: twoZones,
    namespaces: teams,
    placed: { a1: [{ labels: db }] },
    pod: { near: [term('zone', db, { namespaceSelector: { matchLabels: { team: 'green' } } })] },
    expected: { a1: affinityRules, a2: affinityRules, b1: affinityRules },
  },
  'anti-affinity follows a namespace selector': {
    nodes: twoZones,
    namespaces: teams,
    placed: { a1: [{ labels: db, namespace: 'red' }], b1: [{ labels: db, namespace: 'blue' }] },
    pod: { apart: [term('zone', db, { namespaceSelector: { matchLabels: { team: 'red' } } })] },
    expected: { a1: antiAffinityRules, a2: antiAffinityRules, b1: 'fits' },
  },
  'the anti-affinity of an existing pod follows its namespace selector': {
    nodes: twoZones,
    namespaces: teams,
    placed: { a1: [{ apart: [term('zone', web, { namespaceSelector: { matchLabels: { team: 'red' } } })] }] },
    pod: { labels: web, namespace: 'red' },
    expected: { a1: existingRules, a2: existingRules, b1: 'fits' },
  },
  'the anti-affinity of an existing pod that selects other namespaces is no obstacle': {
    nodes: twoZones,
    namespaces: teams,
    placed: { a1: [{ apart: [term('zone', web, { namespaceSelector: { matchLabels: { team: 'red' } } })] }] },
    pod: { labels: web, namespace: 'blue' },
    expected: { a1: 'skipped', a2: 'skipped', b1: 'skipped' },
  },
  'the anti-affinity of an existing pod with an empty namespace selector concerns everybody': {
    nodes: twoZones,
    namespaces: teams,
    placed: { b1: [{ namespace: 'red', apart: [term('zone', web, { namespaceSelector: {} })] }] },
    pod: { labels: web, namespace: 'blue' },
    expected: { a1: 'fits', a2: 'fits', b1: existingRules },
  },
};

describe('InterPodAffinity filter', () => {
  describe('[U1] on one node', () => {
    it.each(Object.entries(oneNode))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] for the first pod of its kind', () => {
    it.each(Object.entries(firstOfItsKind))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] on several nodes', () => {
    it.each(Object.entries(severalNodes))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] across namespaces', () => {
    it.each(Object.entries(acrossNamespaces))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
});
