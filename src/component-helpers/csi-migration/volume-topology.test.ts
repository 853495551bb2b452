import { describe, expect, it } from 'vitest';
import { labelBetaRegion, labelBetaZone, labelRegion, labelZone, type NodeSelectorTerm } from '../../api/index.ts';
import { cinderTopologyKey } from './cinder.ts';
import { topologySelector, translateAllowedTopologies } from './class-topology.ts';
import { gcePdTopologyKey, gceRegionOfZones } from './gce-pd.ts';
import { nodeAffinity, selectorTerm, testVolume } from './testing.ts';
import {
  addTopology,
  type RegionOfZones,
  replaceTopology,
  translateTopologyToCsi,
  translateTopologyToInTree,
} from './volume-topology.ts';

const eastLabels = { [labelZone]: 'us-east1-a', [labelRegion]: 'us-east1' };
const westBetaLabels = { [labelBetaZone]: 'us-west2-b', [labelBetaRegion]: 'us-west2' };
const existingLabels = { [labelZone]: 'existingZone', [labelRegion]: 'existingRegion' };

interface InTreeCase {
  readonly title: string;
  readonly labels?: Record<string, string>;
  readonly terms: readonly NodeSelectorTerm[];
  readonly csiKey?: string;
  readonly regionOfZones?: RegionOfZones;
  readonly expectedTerms: readonly NodeSelectorTerm[];
  readonly expectedLabels: Record<string, string>;
}

const inTreeCases: readonly InTreeCase[] = [
  {
    title: 'keeps the region of the affinity',
    labels: eastLabels,
    terms: [selectorTerm([labelRegion, 'us-east1'], [gcePdTopologyKey, 'us-east1-a'])],
    regionOfZones: gceRegionOfZones,
    expectedTerms: [selectorTerm([labelRegion, 'us-east1'], [labelZone, 'us-east1-a'])],
    expectedLabels: eastLabels,
  },
  {
    title: 'keeps to beta labels',
    labels: westBetaLabels,
    terms: [selectorTerm([labelBetaRegion, 'us-west2'], [gcePdTopologyKey, 'us-west2-b'])],
    regionOfZones: gceRegionOfZones,
    expectedTerms: [selectorTerm([labelBetaRegion, 'us-west2'], [labelBetaZone, 'us-west2-b'])],
    expectedLabels: westBetaLabels,
  },
  {
    title: 'believes the affinity and keeps the labels',
    labels: existingLabels,
    terms: [selectorTerm([gcePdTopologyKey, 'us-east1-a'])],
    regionOfZones: gceRegionOfZones,
    expectedTerms: [selectorTerm([labelZone, 'us-east1-a'], [labelRegion, 'us-east1'])],
    expectedLabels: existingLabels,
  },
  {
    title: 'has nothing to do without a topology',
    labels: existingLabels,
    terms: [],
    regionOfZones: gceRegionOfZones,
    expectedTerms: [],
    expectedLabels: existingLabels,
  },
  {
    title: 'makes labels of a topology',
    terms: [selectorTerm([gcePdTopologyKey, 'us-east1-a'])],
    regionOfZones: gceRegionOfZones,
    expectedTerms: [selectorTerm([labelZone, 'us-east1-a'], [labelRegion, 'us-east1'])],
    expectedLabels: eastLabels,
  },
  {
    title: 'makes beta labels of a beta topology',
    terms: [selectorTerm([labelBetaZone, 'us-west2-b'])],
    regionOfZones: gceRegionOfZones,
    expectedTerms: [selectorTerm([labelBetaZone, 'us-west2-b'], [labelBetaRegion, 'us-west2'])],
    expectedLabels: westBetaLabels,
  },
  {
    title: 'leaves the region open when zones do not tell it',
    terms: [selectorTerm([gcePdTopologyKey, 'us-east1-a'])],
    expectedTerms: [selectorTerm([labelZone, 'us-east1-a'])],
    expectedLabels: { [labelZone]: 'us-east1-a' },
  },
  {
    title: 'adds the region to every term',
    terms: [selectorTerm([gcePdTopologyKey, 'us-east1-a']), selectorTerm([gcePdTopologyKey, 'us-east1-c'])],
    regionOfZones: gceRegionOfZones,
    expectedTerms: [
      selectorTerm([labelZone, 'us-east1-a'], [labelRegion, 'us-east1']),
      selectorTerm([labelZone, 'us-east1-c'], [labelRegion, 'us-east1']),
    ],
    expectedLabels: { [labelZone]: 'us-east1-a__us-east1-c', [labelRegion]: 'us-east1' },
  },
  {
    title: 'goes by the key of the driver',
    terms: [selectorTerm([cinderTopologyKey, 'nova'])],
    csiKey: cinderTopologyKey,
    expectedTerms: [selectorTerm([labelZone, 'nova'])],
    expectedLabels: { [labelZone]: 'nova' },
  },
];

describe('translateTopologyToInTree', () => {
  it.each(inTreeCases)('[Q1] $title', (testCase) => {
    const { csiKey = gcePdTopologyKey, expectedLabels, expectedTerms, labels, regionOfZones, terms } = testCase;
    const volume = testVolume(nodeAffinity(...terms), labels ? { labels } : {});
    const translated = translateTopologyToInTree(volume, csiKey, regionOfZones);
    expect(translated.spec).toEqual(nodeAffinity(...expectedTerms));
    expect(translated.metadata.labels).toEqual(expectedLabels);
  });

  it('[Q1] refuses zones that tell no region', () => {
    const volume = testVolume(nodeAffinity(selectorTerm([gcePdTopologyKey, 'here'])));
    expect(() => translateTopologyToInTree(volume, gcePdTopologyKey, gceRegionOfZones)).toThrow(
      'zone in unexpected format, expected: {locale}-{region}-{zone}, got: here',
    );
  });
});

describe('translateTopologyToCsi', () => {
  it.each([
    [
      'gives zones the key of the driver',
      selectorTerm([labelZone, 'us-east1-a'], [labelRegion, 'us-east1']),
      selectorTerm([gcePdTopologyKey, 'us-east1-a'], [labelRegion, 'us-east1']),
    ],
    [
      'gives regions their current label',
      selectorTerm([labelBetaZone, 'us-west2-b'], [labelBetaRegion, 'us-west2']),
      selectorTerm([gcePdTopologyKey, 'us-west2-b'], [labelRegion, 'us-west2']),
    ],
  ])('[Q1] %s', (_, term, expected) => {
    const volume = testVolume(nodeAffinity(term), { labels: eastLabels });
    expect(translateTopologyToCsi(volume, gcePdTopologyKey).spec).toEqual(nodeAffinity(expected));
  });

  it('[Q1] changes nothing that it was given', () => {
    const volume = testVolume(nodeAffinity(selectorTerm([labelZone, 'us-east1-a'])));
    const before = structuredClone(volume);
    translateTopologyToCsi(volume, gcePdTopologyKey);
    expect(volume).toEqual(before);
  });
});

describe('translateAllowedTopologies', () => {
  it.each([
    ['keeps the key of the driver', [[gcePdTopologyKey, 'foo', 'bar']], [[gcePdTopologyKey, 'foo', 'bar']]],
    ['translates zones', [[labelBetaZone, 'foo', 'bar']], [[gcePdTopologyKey, 'foo', 'bar']]],
    [
      'translates each expression for itself',
      [
        [labelZone, 'foo', 'bar'],
        [gcePdTopologyKey, 'boo', 'baz'],
      ],
      [
        [gcePdTopologyKey, 'foo', 'bar'],
        [gcePdTopologyKey, 'boo', 'baz'],
      ],
    ],
    ['keeps other keys', [['test', 'foo', 'bar']], [['test', 'foo', 'bar']]],
  ])('[Q1] %s', (_, expressions, expected) => {
    const term = (keyed: readonly (readonly string[])[]) => ({
      matchLabelExpressions: keyed.map(([key = '', ...values]) => ({ key, values })),
    });
    expect(translateAllowedTopologies([term(expressions)], gcePdTopologyKey)).toEqual([term(expected)]);
    expect(topologySelector('key', ['a'])).toEqual([term([['key', 'a']])]);
  });
});

describe('addTopology', () => {
  it.each([
    ['no zones', [], []],
    ['blank zones', [' ', '\n', '\t', '  '], []],
    ['a blank zone and another', [' ', 'us-central1-a'], ['us-central1-a']],
    ['zones in any order', ['f', 'a', 'c', 'b', 'a'], ['a', 'b', 'c', 'f']],
  ])('[Q1] adds of %s those that there are', (_, zones, expected) => {
    const { nodeAffinity: affinity } = addTopology(testVolume({}), gcePdTopologyKey, zones).spec;
    const terms = affinity?.required?.nodeSelectorTerms ?? [];
    expect(terms.flatMap(({ matchExpressions }) => matchExpressions?.[0]?.values ?? [])).toEqual(expected);
  });
});

describe('replaceTopology', () => {
  it.each([
    ['the key', [selectorTerm([gcePdTopologyKey, 'a'])], [selectorTerm([labelZone, 'a'])]],
    ['no other key', [selectorTerm(['other', 'a'])], [selectorTerm(['other', 'a'])]],
    [
      'the key in every term',
      [selectorTerm([gcePdTopologyKey, 'a']), selectorTerm([gcePdTopologyKey, 'c'])],
      [selectorTerm([labelZone, 'a']), selectorTerm([labelZone, 'c'])],
    ],
    [
      'the key beside the new one',
      [selectorTerm([gcePdTopologyKey, 'a'], [labelZone, 'c'])],
      [selectorTerm([labelZone, 'a'], [labelZone, 'c'])],
    ],
  ])('[Q1] replaces %s', (_, terms, expected) => {
    const replaced = replaceTopology(testVolume(nodeAffinity(...terms)), gcePdTopologyKey, labelZone);
    expect(replaced.spec).toEqual(nodeAffinity(...expected));
  });
});
