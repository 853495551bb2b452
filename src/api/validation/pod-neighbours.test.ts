import { describe, expect, it } from 'vitest';
import { pods } from '../resources.ts';
import { type Json, pod, problems } from './testing.ts';

const app = { matchLabels: { app: 'web' } };
const near = (term: Json): Json => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
});
const preferApart = (weighted: Json): Json => ({
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [weighted] } },
});
const required = 'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]';
const preferred = 'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]';
const term = { topologyKey: 'zone', labelSelector: app };

const spread = (...constraints: readonly Json[]): Json => ({ topologySpreadConstraints: constraints });
const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: app };
const at = 'spec.topologySpreadConstraints[0]';
const inRevision = { key: 'revision', operator: 'In', values: ['1'] };

describe('pod affinity', () => {
  it.each<[string, Json, unknown[]]>([
    ['a term', near(term), []],
    [
      'a term with everything',
      near({ ...term, namespaces: ['red'], namespaceSelector: {}, matchLabelKeys: ['a'] }),
      [],
    ],
    ['a preference', preferApart({ weight: 100, podAffinityTerm: term }), []],
    [
      'no topology key',
      near({ labelSelector: app, topologyKey: '' }),
      [
        `${required}.topologyKey: Required value: can not be empty`,
        `${required}.topologyKey: Invalid value: "": name part must be non-empty`,
        expect.stringContaining(`${required}.topologyKey: Invalid value: "": name part must consist of alphanumeric`),
      ],
    ],
    [
      'a weight of 0',
      preferApart({ weight: 0, podAffinityTerm: term }),
      [`${preferred}.weight: Invalid value: 0: must be in the range 1-100`],
    ],
    [
      'a weight of 101',
      preferApart({ weight: 101, podAffinityTerm: term }),
      [`${preferred}.weight: Invalid value: 101: must be in the range 1-100`],
    ],
    [
      'a bad selector of a preference',
      preferApart({
        weight: 1,
        podAffinityTerm: { ...term, labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      }),
      [
        `${preferred}.podAffinityTerm.labelSelector.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      ],
    ],
    [
      'a bad namespace selector',
      near({ ...term, namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } }),
      [
        `${required}.namespaceSelector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator`,
      ],
    ],
    [
      'label keys without a selector',
      near({ topologyKey: 'zone', matchLabelKeys: ['a'], mismatchLabelKeys: ['b'] }),
      [
        `${required}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
        `${required}.mismatchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
      ],
    ],
    [
      'a label key that is in the selector as well',
      near({
        ...term,
        labelSelector: { matchLabels: { revision: '1' }, matchExpressions: [inRevision] },
        matchLabelKeys: ['revision'],
      }),
      [`${required}[0]: Invalid value: "revision": exists in both matchLabelKeys and labelSelector`],
    ],
    [
      'a label key to match and not to match',
      near({ ...term, matchLabelKeys: ['a', 'b'], mismatchLabelKeys: ['b'] }),
      [`${required}.matchLabelKeys[1]: Invalid value: "b": exists in both matchLabelKeys and mismatchLabelKeys`],
    ],
  ])('[U1] judges %s', (_, spec, expected) => {
    expect(problems(pods, pod({}, [], spec))).toEqual(expected);
  });

  it('[U1] refuses namespaces that cannot be', () => {
    expect(problems(pods, pod({}, [], near({ ...term, namespaces: ['Red'] })))).toEqual([
      expect.stringContaining(
        `${required}.namespace: Invalid value: "Red": a lowercase RFC 1123 label must consist of`,
      ),
    ]);
  });
});

describe('topology spread constraints', () => {
  it.each<[string, Json, string[]]>([
    ['a constraint', spread(constraint), []],
    [
      'two constraints that differ in one of both',
      spread(
        constraint,
        { ...constraint, whenUnsatisfiable: 'ScheduleAnyway' },
        { ...constraint, topologyKey: 'host' },
      ),
      [],
    ],
    [
      'a constraint with everything',
      spread({
        ...constraint,
        minDomains: 2,
        nodeAffinityPolicy: 'Ignore',
        nodeTaintsPolicy: 'Honor',
        matchLabelKeys: ['a'],
      }),
      [],
    ],
    ['no skew', spread({ ...constraint, maxSkew: 0 }), [`${at}.maxSkew: Invalid value: 0: must be greater than zero`]],
    [
      'no topology key',
      spread({ ...constraint, topologyKey: '' }),
      [`${at}.topologyKey: Required value: can not be empty`],
    ],
    [
      'an unknown action',
      spread({ ...constraint, whenUnsatisfiable: 'Never' }),
      [`${at}.whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"`],
    ],
    [
      'the same constraint twice',
      spread(constraint, constraint),
      [`${at}.{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"`],
    ],
    [
      'minDomains of 0',
      spread({ ...constraint, minDomains: 0 }),
      [`${at}.minDomains: Invalid value: 0: must be greater than zero`],
    ],
    [
      'minDomains of a soft constraint',
      spread({ ...constraint, minDomains: 2, whenUnsatisfiable: 'ScheduleAnyway' }),
      [
        `${at}.minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway`,
      ],
    ],
    [
      'unknown policies',
      spread({ ...constraint, nodeAffinityPolicy: 'Maybe', nodeTaintsPolicy: 'Maybe' }),
      [
        `${at}.nodeAffinityPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"`,
        `${at}.nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"`,
      ],
    ],
    [
      'label keys without a selector',
      spread({ ...constraint, labelSelector: undefined, matchLabelKeys: ['a'] }),
      [`${at}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`],
    ],
    [
      'a bad selector',
      spread({ ...constraint, labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }),
      [
        `${at}.labelSelector.matchExpressions[0].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      ],
    ],
  ])('[U1] judges %s', (_, spec, expected) => {
    expect(problems(pods, pod({}, [], spec))).toEqual(expected);
  });
});
