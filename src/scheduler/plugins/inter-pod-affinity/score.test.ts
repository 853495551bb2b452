import { describe, expect, it } from 'vitest';
import { expression, type PodOptions, term } from '../testing/neighbours.ts';
import { type ScoreCase, scoresOf } from './testing.ts';

const web = { app: 'web' };
const db = { app: 'db' };
const nodes = {
  a1: { zone: 'a', host: 'a1' },
  a2: { zone: 'a', host: 'a2' },
  b1: { zone: 'b', host: 'b1' },
};

/** Nodes of two zones with these pods. */
function given(placed: ScoreCase['placed'] & {}, pod: PodOptions, expected: ScoreCase['expected']): ScoreCase {
  return { nodes, placed, pod, expected };
}

const ownPreferences: Record<string, ScoreCase> = {
  'a pod that prefers nothing is left out': given({ a1: [{ labels: web }] }, {}, 'skipped'),
  'a preference that nobody meets is left out': given(
    { a1: [{ labels: web }] },
    { preferNear: [[5, term('zone', db)]] },
    'skipped',
  ),
  'a preference over a label that the nodes lack is left out': given(
    { a1: [{ labels: web }] },
    { preferNear: [[5, term('rack', web)]] },
    'skipped',
  ),
  'the zone of the preferred pod is best': given(
    { a1: [{ labels: web }] },
    { preferNear: [[5, term('zone', web)]] },
    { a1: 100, a2: 100, b1: 0 },
  ),
  'the host of the preferred pod is best': given(
    { a1: [{ labels: web }] },
    { preferNear: [[5, term('host', web)]] },
    { a1: 100, a2: 0, b1: 0 },
  ),
  'more preferred pods are better': given(
    { a1: [{ labels: web }, { labels: web }], b1: [{ labels: web }] },
    { preferNear: [[5, term('zone', web)]] },
    { a1: 100, a2: 100, b1: 0 },
  ),
  'preferences add up by weight': given(
    { a1: [{ labels: web }], a2: [{ labels: db }] },
    {
      preferNear: [
        [1, term('host', web)],
        [4, term('host', db)],
      ],
    },
    { a1: 25, a2: 100, b1: 0 },
  ),
  'preferences over zone and host add up': given(
    { a1: [{ labels: web }] },
    {
      preferNear: [
        [3, term('zone', web)],
        [1, term('host', web)],
      ],
    },
    { a1: 100, a2: 75, b1: 0 },
  ),
  'the zone of an unwanted pod is worst': given(
    { a1: [{ labels: web }] },
    { preferApart: [[5, term('zone', web)]] },
    { a1: 0, a2: 0, b1: 100 },
  ),
  'more unwanted pods are worse': given(
    { a1: [{ labels: web }, { labels: web }], b1: [{ labels: web }] },
    { preferApart: [[5, term('host', web)]] },
    { a1: 0, a2: 100, b1: 50 },
  ),
  'wanted and unwanted pods are weighed': given(
    { a1: [{ labels: web }, { labels: db }], b1: [{ labels: web }] },
    { preferNear: [[8, term('host', web)]], preferApart: [[6, term('host', db)]] },
    { a1: 25, a2: 0, b1: 100 },
  ),
  'wanted and unwanted pods cancel out': given(
    { a1: [{ labels: web }, { labels: db }], b1: [] },
    { preferNear: [[5, term('zone', web)]], preferApart: [[5, term('zone', db)]] },
    { a1: 0, a2: 0, b1: 0 },
  ),
  'pods of other namespaces are not preferred': given(
    { a1: [{ labels: web, namespace: 'red' }] },
    { preferNear: [[5, term('zone', web)]] },
    'skipped',
  ),
  'pods of a named namespace are preferred': given(
    { a1: [{ labels: web, namespace: 'red' }] },
    { preferNear: [[5, term('zone', web, { namespaces: ['red'] })]] },
    { a1: 100, a2: 100, b1: 0 },
  ),
  'a selector with expressions prefers': given(
    { a1: [{ labels: web }], b1: [{ labels: db }] },
    { preferNear: [[5, term('zone', expression('app', 'NotIn', 'web'))]] },
    { a1: 0, a2: 0, b1: 100 },
  ),
  'required terms of the pod do not score': given(
    { a1: [{ labels: web }] },
    { near: [term('zone', web)], apart: [term('host', web)] },
    'skipped',
  ),
};

const preferencesOfOthers: Record<string, ScoreCase> = {
  'an existing pod that prefers the pod draws it near': given(
    { a1: [{ preferNear: [[5, term('zone', web)]] }] },
    { labels: web },
    { a1: 100, a2: 100, b1: 0 },
  ),
  'an existing pod that prefers others draws nobody': given(
    { a1: [{ preferNear: [[5, term('zone', db)]] }] },
    { labels: web },
    'skipped',
  ),
  'an existing pod that prefers the pod apart drives it off': given(
    { a1: [{ preferApart: [[5, term('zone', web)]] }] },
    { labels: web },
    { a1: 0, a2: 0, b1: 100 },
  ),
  'an existing pod that requires the pod counts by the hard weight': given(
    { a1: [{ near: [term('zone', web)] }] },
    { labels: web },
    { a1: 100, a2: 100, b1: 0 },
  ),
  'the hard weight is 1 beside preferences': given(
    { a1: [{ near: [term('host', web)] }], b1: [{ preferNear: [[4, term('host', web)]] }] },
    { labels: web },
    { a1: 25, a2: 0, b1: 100 },
  ),
  'a larger hard weight counts for more': {
    ...given(
      { a1: [{ near: [term('host', web)] }], b1: [{ preferNear: [[4, term('host', web)]] }] },
      { labels: web },
      { a1: 100, a2: 0, b1: 50 },
    ),
    hardPodAffinityWeight: 8,
  },
  'a hard weight of 0 counts for nothing': {
    ...given({ a1: [{ near: [term('zone', web)] }] }, { labels: web }, 'skipped'),
    hardPodAffinityWeight: 0,
  },
  'what existing pods prefer can be ignored for a pod that prefers nothing': {
    ...given({ a1: [{ preferNear: [[5, term('zone', web)]] }] }, { labels: web }, 'skipped'),
    ignorePreferredTermsOfExistingPods: true,
  },
  'what existing pods prefer counts for a pod that prefers something': {
    ...given(
      { a1: [{ preferNear: [[5, term('host', web)]] }] },
      { labels: web, preferNear: [[1, term('host', db)]] },
      { a1: 100, a2: 0, b1: 0 },
    ),
    ignorePreferredTermsOfExistingPods: true,
  },
  'the required anti-affinity of an existing pod does not score': given(
    { a1: [{ apart: [term('zone', web)] }] },
    { labels: web },
    'skipped',
  ),
  'both sides add up': given(
    { a1: [{ labels: db, preferNear: [[2, term('host', web)]] }], a2: [{ labels: db }] },
    { labels: web, preferNear: [[2, term('host', db)]] },
    { a1: 100, a2: 50, b1: 0 },
  ),
  'an existing pod of another namespace draws nobody': given(
    { a1: [{ namespace: 'red', preferNear: [[5, term('zone', web)]] }] },
    { labels: web },
    'skipped',
  ),
};

const team = { namespaceSelector: { matchLabels: { team: 'red' } } };
const namespaces = { default: {}, red: { team: 'red' }, blue: { team: 'blue' } };

const acrossNamespaces: Record<string, ScoreCase> = {
  'a namespace selector selects whom the pod prefers': {
    ...given(
      { a1: [{ labels: web, namespace: 'red' }], b1: [{ labels: web, namespace: 'blue' }] },
      { preferNear: [[5, term('zone', web, team)]] },
      { a1: 100, a2: 100, b1: 0 },
    ),
    namespaces,
  },
  'an empty namespace selector selects everybody': {
    ...given(
      { a1: [{ labels: web, namespace: 'red' }], b1: [{ labels: web }, { labels: web, namespace: 'blue' }] },
      { preferNear: [[5, term('host', web, { namespaceSelector: {} })]] },
      { a1: 50, a2: 0, b1: 100 },
    ),
    namespaces,
  },
  'a namespace selector selects whom existing pods prefer': {
    ...given(
      { a1: [{ preferNear: [[5, term('zone', web, team)]] }] },
      { labels: web, namespace: 'red' },
      { a1: 100, a2: 100, b1: 0 },
    ),
    namespaces,
  },
  'a namespace selector leaves the others out': {
    ...given({ a1: [{ preferNear: [[5, term('zone', web, team)]] }] }, { labels: web, namespace: 'blue' }, 'skipped'),
    namespaces,
  },
  'a namespace selector selects whom existing pods want apart': {
    ...given(
      { b1: [{ preferApart: [[5, term('zone', web, team)]] }] },
      { labels: web, namespace: 'red' },
      { a1: 100, a2: 100, b1: 0 },
    ),
    namespaces,
  },
};

describe('InterPodAffinity score', () => {
  describe('[U1] by what the pod prefers', () => {
    it.each(Object.entries(ownPreferences))('%s', (_, each) => expect(scoresOf(each)).toEqual(each.expected));
  });
  describe('[U1] by what existing pods prefer', () => {
    it.each(Object.entries(preferencesOfOthers))('%s', (_, each) => expect(scoresOf(each)).toEqual(each.expected));
  });
  describe('[U1] across namespaces', () => {
    it.each(Object.entries(acrossNamespaces))('%s', (_, each) => expect(scoresOf(each)).toEqual(each.expected));
  });
});
