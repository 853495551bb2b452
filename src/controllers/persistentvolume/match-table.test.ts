/** Which volume a claim is given, case by case, by the index and by a scan of all volumes alike. */
import { describe, expect, it } from 'vitest';
import type { PersistentVolume } from '../../api/index.ts';
import { checkAccessModes, findMatchingVolume } from '../../component-helpers/index.ts';
import { type TestClaim, type TestVolume, testClaim, testClaimRef, testVolume } from '../common/test-objects.ts';
import { MatchIndex, matchRequest } from './match-index.ts';

const rwo = ['ReadWriteOnce'];
const rox = ['ReadOnlyMany'];
const rwx = ['ReadWriteMany'];
const rwop = ['ReadWriteOncePod'];
const modes = (...sets: readonly (readonly string[])[]) => ({ spec: { accessModes: sets.flat() } });
const labelled = (labels: Record<string, string>) => ({ meta: { labels } });
const inClass = (storageClassName: string) => ({ spec: { storageClassName } });
const named = (name: string, options: TestVolume = {}) => testVolume(name, options);
const expression = (key: string, operator: string, values?: string[]): TestClaim => ({
  spec: { selector: { matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] } },
});
const matching = (matchLabels: Record<string, string>): TestClaim => ({ spec: { selector: { matchLabels } } });

const byMode = [
  named('once', { size: '10Gi', ...modes(rwo) }),
  named('read', { size: '8Gi', ...modes(rox) }),
  named('once-read', { size: '5Gi', ...modes(rwo, rox) }),
  named('all', { size: '20Gi', ...modes(rwo, rox, rwx) }),
  named('pod', { size: '4Gi', ...modes(rwop) }),
];
const bySize = ['1Gi', '5Gi', '10Gi', '100Gi'].map((size) => named(size.toLowerCase(), { size }));
const byLabel = [
  named('plain', { size: '3Gi' }),
  named('gold', { size: '5Gi', ...labelled({ tier: 'gold', zone: 'a' }) }),
  named('gold-b', { size: '4Gi', ...labelled({ tier: 'gold', zone: 'b' }) }),
  named('tin', { size: '2Gi', ...labelled({ tier: 'tin' }) }),
];
const byClass = [named('none'), named('fast', inClass('fast')), named('slow', inClass('slow'))];
const block = named('block', { size: '2Gi', spec: { volumeMode: 'Block' } });

type Case = readonly [
  title: string,
  volumes: readonly PersistentVolume[],
  claim: TestClaim,
  expected: string | undefined,
];

const cases: readonly Case[] = [
  ['[B9] nothing, where there is nothing', [], {}, undefined],
  ['[B9] the volume of just that size', bySize, { size: '5Gi' }, '5gi'],
  ['[B9] the next larger volume', bySize, { size: '6Gi' }, '10gi'],
  ['[B9] the smallest for the smallest request', bySize, { size: '1' }, '1gi'],
  ['[B9] the largest when nothing else is large enough', bySize, { size: '11Gi' }, '100gi'],
  ['[B9] nothing that is too small', bySize, { size: '101Gi' }, undefined],
  ['[B9] the first by name of equals', [named('b'), named('a'), named('c')], {}, 'a'],
  ['[B9] sizes in other units', [named('bytes', { size: '1073741823' }), named('giga', { size: '1.1G' })], {}, 'giga'],
  ['[B9] a volume of that one mode', byMode, modes(rwo), 'once'],
  ['[B9] a volume of that one mode, of another', byMode, modes(rox), 'read'],
  ['[B9] the fewest modes that hold both', byMode, modes(rwo, rox), 'once-read'],
  ['[B9] the only volume with the mode', byMode, modes(rwx), 'all'],
  ['[B9] all modes together', byMode, modes(rwo, rox, rwx), 'all'],
  ['[B9] modes in any order', byMode, modes(rwx, rox, rwo), 'all'],
  ['[B9] more modes when the exact ones are too small', byMode, { size: '12Gi', ...modes(rwo) }, 'all'],
  ['[B9] a mode for one pod', byMode, modes(rwop), 'pod'],
  ['[B9] no mode for one pod together with another', byMode, modes(rwo, rwop), undefined],
  ['[B9] labels', byLabel, matching({ tier: 'gold' }), 'gold-b'],
  ['[B9] two labels', byLabel, matching({ tier: 'gold', zone: 'a' }), 'gold'],
  ['[B9] no volume with the label', byLabel, matching({ tier: 'lead' }), undefined],
  ['[B9] labels and size', byLabel, { size: '5Gi', ...matching({ tier: 'gold' }) }, 'gold'],
  ['[B9] an expression: In', byLabel, expression('tier', 'In', ['tin', 'lead']), 'tin'],
  [
    '[B9] an expression: NotIn, which the unlabelled satisfy',
    byLabel,
    expression('tier', 'NotIn', ['tin', 'gold']),
    'plain',
  ],
  ['[B9] an expression: Exists', byLabel, expression('zone', 'Exists'), 'gold-b'],
  ['[B9] an expression: DoesNotExist', byLabel, expression('tier', 'DoesNotExist'), 'plain'],
  ['[B9] an empty selector: any', byLabel, { spec: { selector: {} } }, 'tin'],
  ['[B10] its class', byClass, inClass('fast'), 'fast'],
  ['[B10] no class', byClass, inClass(''), 'none'],
  ['[B10] no volume of another class', byClass, inClass('medium'), undefined],
  ['[B9] no Block volume for a file system', [block], {}, undefined],
  ['[B9] a Block volume for a Block claim', [named('file'), block], { spec: { volumeMode: 'Block' } }, 'block'],
  ['[B9] no file system for a Block claim', [named('file')], { spec: { volumeMode: 'Block' } }, undefined],
  [
    '[B9] attributes that both have',
    [named('a'), named('b', { size: '9Gi', spec: { volumeAttributesClassName: 'gold' } })],
    { spec: { volumeAttributesClassName: 'gold' } },
    'b',
  ],
  [
    '[B9] no attributes that only the volume has',
    [named('b', { spec: { volumeAttributesClassName: 'gold' } })],
    {},
    undefined,
  ],
  [
    '[B9] an empty class of attributes, which is none',
    [named('a', { spec: { volumeAttributesClassName: '' } })],
    {},
    'a',
  ],
];

describe('a claim is given', () => {
  it.each(cases)('%s', (_title, volumes, options, expected) => {
    const claim = testClaim('c', options);
    const index = new MatchIndex();
    for (const volume of volumes) index.set(volume);
    expect(index.findSmallest(matchRequest(claim))?.metadata.name).toBe(expected);
  });
});

const unusable: readonly (readonly [string, TestVolume])[] = [
  ['[B9] Pending', { status: { phase: 'Pending' } }],
  ['[B9] Bound', { status: { phase: 'Bound' } }],
  ['[B9] Released', { status: { phase: 'Released' } }],
  ['[B9] Failed', { status: { phase: 'Failed' } }],
  ['[B9] reserved for another claim', { spec: { claimRef: testClaimRef('other', '') } }],
  ['[B9] of another claim', { spec: { claimRef: testClaimRef('other', 'uid') } }],
  ['[rel-B3] of an earlier claim of the same name', { spec: { claimRef: testClaimRef('c', 'uid-before') } }],
  ['[B9] being deleted', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
];

describe('a claim is not given a volume that is', () => {
  it.each(unusable)('%s', (_title, options) => {
    const claim = testClaim('c');
    const volumes = [testVolume('v', options)].filter((volume) => checkAccessModes(claim, volume));
    expect(findMatchingVolume({ claim, volumes })).toBeUndefined();
  });
});
