import { describe, expect, it } from 'vitest';
import type { Labels, Service, Taint } from '../../../api/index.ts';
import type { PodOptions } from '../testing/neighbours.ts';
import { constraintsNotMatch, type FilterCase, fitsWhere, hard, missingLabel, soft } from './testing.ts';

const web: PodOptions = { labels: { app: 'web' } };
const other: PodOptions = { labels: { app: 'db' } };
const fits = 'fits';
const no = constraintsNotMatch;

function pods(count: number, pod: PodOptions = web): readonly PodOptions[] {
  return Array.from({ length: count }, () => pod);
}

/** Zones a and b with two nodes each. */
const zones: Record<string, Labels> = {
  a1: { zone: 'a', host: 'a1' },
  a2: { zone: 'a', host: 'a2' },
  b1: { zone: 'b', host: 'b1' },
  b2: { zone: 'b', host: 'b2' },
};

/** The pods of four hosts, and which of them a hard constraint over hosts allows. */
function overHosts(counts: readonly number[], answers: readonly string[], pod: PodOptions): FilterCase {
  const names = Object.keys(zones);
  return {
    nodes: zones,
    placed: Object.fromEntries(counts.map((count, index) => [names[index], pods(count)])),
    pod,
    expected: Object.fromEntries(answers.map((answer, index) => [names[index], answer])),
  };
}

const spreadHosts = { ...web, spread: [hard('host')] };
const spreadZones = { ...web, spread: [hard('zone')] };

const oneConstraint: Record<string, FilterCase> = {
  'a pod without constraints is let through': {
    nodes: { n1: {} },
    pod: web,
    expected: { n1: 'skipped' },
  },
  'a pod with soft constraints alone is let through': {
    nodes: { n1: {} },
    pod: { ...web, spread: [soft('zone')] },
    expected: { n1: 'skipped' },
  },
  'the first pod goes anywhere': overHosts([0, 0, 0, 0], [fits, fits, fits, fits], spreadHosts),
  'hosts level with each other all take one more': overHosts([1, 1, 1, 1], [fits, fits, fits, fits], spreadHosts),
  'the fullest hosts wait for the others': overHosts([2, 1, 0, 3], [no, no, fits, no], spreadHosts),
  'a host one ahead waits': overHosts([1, 0, 0, 0], [no, fits, fits, fits], spreadHosts),
  'a larger skew allows more': overHosts([2, 1, 0, 3], [no, fits, fits, no], {
    ...web,
    spread: [hard('host', { maxSkew: 2 })],
  }),
  'a still larger skew allows all but the fullest': overHosts([2, 1, 0, 3], [fits, fits, fits, no], {
    ...web,
    spread: [hard('host', { maxSkew: 3 })],
  }),
  'a pod that the selector does not select adds nothing itself': overHosts([1, 0, 0, 0], [fits, fits, fits, fits], {
    ...other,
    spread: [hard('host')],
  }),
  'a pod that the selector does not select is still kept off hosts that are too far ahead': overHosts(
    [2, 0, 0, 0],
    [no, fits, fits, fits],
    { ...other, spread: [hard('host')] },
  ),
  'a constraint without a selector counts nobody': overHosts([2, 1, 0, 3], [fits, fits, fits, fits], {
    ...web,
    spread: [{ maxSkew: 1, topologyKey: 'host', whenUnsatisfiable: 'DoNotSchedule' }],
  }),
  'an empty selector counts everybody': {
    nodes: { n1: { host: 'n1' }, n2: { host: 'n2' } },
    placed: { n1: [web, other] },
    pod: { spread: [hard('host', { labelSelector: {} })] },
    expected: { n1: no, n2: fits },
  },
  'pods of other namespaces are not counted': {
    nodes: zones,
    placed: { a1: pods(5, { ...web, namespace: 'red' }) },
    pod: spreadHosts,
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
  'pods that are going away are not counted': {
    nodes: zones,
    placed: { a1: pods(5, { ...web, meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }) },
    pod: spreadHosts,
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
  'pods with other labels are not counted': {
    nodes: zones,
    placed: { a1: pods(5, other) },
    pod: spreadHosts,
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
  'pods of a zone are counted over its hosts': {
    nodes: zones,
    placed: { a1: pods(1), a2: pods(1), b1: pods(1) },
    pod: spreadZones,
    expected: { a1: no, a2: no, b1: fits, b2: fits },
  },
  'zones level with each other all take one more': {
    nodes: zones,
    placed: { a1: pods(2), b1: pods(1), b2: pods(1) },
    pod: spreadZones,
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
  'a node without the label is refused for good': {
    nodes: { ...zones, bare: { host: 'bare' }, none: undefined },
    pod: spreadZones,
    expected: { a1: fits, a2: fits, b1: fits, b2: fits, bare: missingLabel, none: missingLabel },
  },
  'pods on a node without the label are not counted': {
    nodes: { ...zones, bare: {} },
    placed: { bare: pods(3), a1: pods(1) },
    pod: spreadZones,
    expected: { a1: no, a2: no, b1: fits, b2: fits, bare: missingLabel },
  },
  'no node has the label': {
    nodes: { n1: {}, n2: {} },
    pod: spreadZones,
    expected: { n1: missingLabel, n2: missingLabel },
  },
  'a single domain takes any number': {
    nodes: { n1: { zone: 'a' } },
    placed: { n1: pods(9) },
    pod: spreadZones,
    expected: { n1: fits },
  },
};

const minDomains = (count: number): PodOptions => ({ ...web, spread: [hard('zone', { minDomains: count })] });
const twoZones = { n1: { zone: 'a' }, n2: { zone: 'b' } };

const domains: Record<string, FilterCase> = {
  'fewer domains than asked for measure from zero': {
    nodes: twoZones,
    placed: { n1: pods(1), n2: pods(1) },
    pod: minDomains(3),
    expected: { n1: no, n2: no },
  },
  'fewer domains than asked for take one pod each': {
    nodes: twoZones,
    placed: { n1: pods(1) },
    pod: minDomains(3),
    expected: { n1: no, n2: fits },
  },
  'as many domains as asked for measure from the emptiest': {
    nodes: twoZones,
    placed: { n1: pods(1), n2: pods(1) },
    pod: minDomains(2),
    expected: { n1: fits, n2: fits },
  },
  'more domains than asked for measure from the emptiest': {
    nodes: { ...twoZones, n3: { zone: 'c' } },
    placed: { n1: pods(2), n2: pods(1), n3: pods(1) },
    pod: minDomains(2),
    expected: { n1: no, n2: fits, n3: fits },
  },
  'hosts of one domain do not make it two': {
    nodes: { n1: { zone: 'a' }, n2: { zone: 'a' } },
    placed: { n1: pods(1) },
    pod: minDomains(2),
    expected: { n1: no, n2: no },
  },
  'a larger skew lets more in while domains are missing': {
    nodes: twoZones,
    placed: { n1: pods(1), n2: pods(2) },
    pod: { ...web, spread: [hard('zone', { minDomains: 3, maxSkew: 2 })] },
    expected: { n1: fits, n2: no },
  },
};

const severalConstraints: Record<string, FilterCase> = {
  'all constraints are satisfied': {
    nodes: zones,
    placed: { a1: pods(1), b1: pods(1) },
    pod: { ...web, spread: [hard('zone'), hard('host')] },
    expected: { a1: no, a2: fits, b1: no, b2: fits },
  },
  'zones say one thing and hosts another': {
    nodes: zones,
    placed: { a1: pods(1), a2: pods(1), b1: pods(1) },
    pod: { ...web, spread: [hard('zone'), hard('host')] },
    expected: { a1: no, a2: no, b1: no, b2: fits },
  },
  'no node satisfies both': {
    nodes: { a1: { zone: 'a', host: 'a1' }, b1: { zone: 'b', host: 'b1' }, b2: { zone: 'b', host: 'b2' } },
    placed: { a1: pods(2), b1: pods(2), b2: pods(1) },
    pod: { ...web, spread: [hard('zone'), hard('host')] },
    expected: { a1: no, b1: no, b2: no },
  },
  'constraints may count different pods': {
    nodes: zones,
    placed: { a1: pods(1), b1: pods(1, other) },
    pod: { ...web, spread: [hard('zone'), hard('host', { labelSelector: { matchLabels: { app: 'db' } } })] },
    expected: { a1: no, a2: no, b1: fits, b2: fits },
  },
  'a node that lacks one of the labels is not counted for the other': {
    nodes: { ...zones, bare: { zone: 'c' } },
    placed: { a1: pods(1), b1: pods(1) },
    pod: { ...web, spread: [hard('zone'), hard('host')] },
    expected: { a1: no, a2: fits, b1: no, b2: fits, bare: missingLabel },
  },
  'a soft constraint beside a hard one forbids nothing': {
    nodes: zones,
    placed: { a1: pods(1), b1: pods(1) },
    pod: { ...web, spread: [hard('zone'), soft('host')] },
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
};

const onlyB = { nodeSelector: { zone: 'b' } };
const affinityToB: PodOptions['spec'] = {
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }],
      },
    },
  },
};
const taint: Taint = { key: 'dedicated', value: 'x', effect: 'NoSchedule' };
const toleration = { key: 'dedicated', operator: 'Exists' };

const policies: Record<string, FilterCase> = {
  'hosts that the node selector excludes are no domains': {
    nodes: zones,
    placed: { b1: pods(1) },
    pod: { ...spreadZones, spec: onlyB },
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
  'hosts that the node affinity excludes are no domains': {
    nodes: zones,
    placed: { b1: pods(1), b2: pods(1) },
    pod: { ...spreadHosts, spec: affinityToB },
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
  'hosts that the node affinity excludes are domains if it is to be ignored': {
    nodes: zones,
    placed: { b1: pods(1), b2: pods(1) },
    pod: { ...web, spread: [hard('host', { nodeAffinityPolicy: 'Ignore' })], spec: affinityToB },
    expected: { a1: fits, a2: fits, b1: no, b2: no },
  },
  'excluded hosts do not count towards minDomains': {
    nodes: zones,
    placed: { b1: pods(1), b2: pods(1) },
    pod: { ...web, spread: [hard('host', { minDomains: 3 })], spec: affinityToB },
    expected: { a1: fits, a2: fits, b1: no, b2: no },
  },
  'tainted hosts are domains by default': {
    nodes: zones,
    nodeSpecs: { a1: { taints: [taint] } },
    placed: { a2: pods(1), b1: pods(1), b2: pods(1) },
    pod: spreadHosts,
    expected: { a1: fits, a2: no, b1: no, b2: no },
  },
  'tainted hosts are no domains if taints are to be honoured': {
    nodes: zones,
    nodeSpecs: { a1: { taints: [taint] } },
    placed: { a2: pods(1), b1: pods(1), b2: pods(1) },
    pod: { ...web, spread: [hard('host', { nodeTaintsPolicy: 'Honor' })] },
    expected: { a1: fits, a2: fits, b1: fits, b2: fits },
  },
  'tainted hosts are domains of pods that tolerate the taint': {
    nodes: zones,
    nodeSpecs: { a1: { taints: [taint] } },
    placed: { a2: pods(1), b1: pods(1), b2: pods(1) },
    pod: { ...web, spread: [hard('host', { nodeTaintsPolicy: 'Honor' })], spec: { tolerations: [toleration] } },
    expected: { a1: fits, a2: no, b1: no, b2: no },
  },
  'a taint that only asks is no reason to leave a host out': {
    nodes: zones,
    nodeSpecs: { a1: { taints: [{ ...taint, effect: 'PreferNoSchedule' }] } },
    placed: { a2: pods(1), b1: pods(1), b2: pods(1) },
    pod: { ...web, spread: [hard('host', { nodeTaintsPolicy: 'Honor' })] },
    expected: { a1: fits, a2: no, b1: no, b2: no },
  },
  'policies hold per constraint': {
    nodes: zones,
    nodeSpecs: { a1: { taints: [taint] } },
    placed: { a2: pods(1), b1: pods(1), b2: pods(1) },
    pod: { ...web, spread: [hard('host', { nodeTaintsPolicy: 'Honor' }), hard('zone')] },
    expected: { a1: fits, a2: fits, b1: no, b2: no },
  },
};

const revision = (hash: string): PodOptions => ({ labels: { app: 'web', revision: hash } });

const labelKeys: Record<string, FilterCase> = {
  'only pods with the same value under a matchLabelKey are counted': {
    nodes: twoZones,
    placed: { n1: pods(2, revision('new')), n2: pods(9, revision('old')) },
    pod: { ...revision('new'), spread: [hard('zone', { matchLabelKeys: ['revision'] })] },
    expected: { n1: no, n2: fits },
  },
  'a matchLabelKey that the pod lacks narrows nothing': {
    nodes: twoZones,
    placed: { n1: pods(2, revision('new')), n2: pods(3, revision('old')) },
    pod: { ...web, spread: [hard('zone', { matchLabelKeys: ['revision'] })] },
    expected: { n1: fits, n2: no },
  },
  'several matchLabelKeys must all agree': {
    nodes: twoZones,
    placed: { n1: [{ labels: { app: 'web', revision: '1', shard: 'x' } }], n2: pods(4, revision('1')) },
    pod: {
      labels: { app: 'web', revision: '1', shard: 'x' },
      spread: [hard('zone', { matchLabelKeys: ['revision', 'shard'] })],
    },
    expected: { n1: no, n2: fits },
  },
  'without matchLabelKeys all revisions are counted': {
    nodes: twoZones,
    placed: { n1: pods(2, revision('new')), n2: pods(3, revision('old')) },
    pod: { ...revision('new'), spread: [hard('zone')] },
    expected: { n1: fits, n2: no },
  },
};

const service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' } },
} as never as Service;
const listed = {
  services: [service],
  defaultConstraints: [{ maxSkew: 1, topologyKey: 'host', whenUnsatisfiable: 'DoNotSchedule' }],
} as const;

const defaults: Record<string, FilterCase> = {
  'a hard default holds for the pods of a service': { ...overHosts([1, 0, 1, 1], [no, fits, no, no], web), ...listed },
  'a hard default says nothing of pods that nobody owns': {
    ...overHosts([1, 0, 1, 1], Array(4).fill('skipped'), web),
    ...listed,
    services: [],
  },
  'own constraints replace a hard default': {
    ...overHosts([1, 0, 1, 1], Array(4).fill('skipped'), { ...web, spread: [soft('host')] }),
    ...listed,
  },
  'a soft default forbids nothing': {
    ...overHosts([1, 0, 1, 1], Array(4).fill('skipped'), web),
    ...listed,
    defaultConstraints: [{ ...listed.defaultConstraints[0], whenUnsatisfiable: 'ScheduleAnyway' }],
  },
};

describe('PodTopologySpread filter', () => {
  describe('[U1] with defaults of the operator', () => {
    it.each(Object.entries(defaults))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] with one constraint', () => {
    it.each(Object.entries(oneConstraint))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] with minDomains', () => {
    it.each(Object.entries(domains))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] with several constraints', () => {
    it.each(Object.entries(severalConstraints))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] with policies for nodes', () => {
    it.each(Object.entries(policies))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
  describe('[U1] with matchLabelKeys', () => {
    it.each(Object.entries(labelKeys))('%s', (_, given) => expect(fitsWhere(given)).toEqual(given.expected));
  });
});
