import { describe, expect, it } from 'vitest';
import { podDisruptionBudgets } from '../resources.ts';
import { type Json, problems } from './testing.ts';
import { validateUpdate } from './validate.ts';

const selector = { matchLabels: { app: 'web' } };
const percent =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

describe('PodDisruptionBudgets', () => {
  it.each<[string, Json, unknown[]]>([
    ['a number that must be available', { minAvailable: 1, selector }, []],
    ['a share that may be unavailable', { maxUnavailable: '50%', selector }, []],
    ['neither', { selector }, []],
    ['a policy', { maxUnavailable: 0, selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' }, []],
    [
      'both',
      { minAvailable: 1, maxUnavailable: 1, selector },
      [expect.stringMatching(/^spec: Invalid value: .*: minAvailable and maxUnavailable cannot be both set$/)],
    ],
    [
      'a negative number',
      { minAvailable: -1, selector },
      ['spec.minAvailable: Invalid value: -1: must be greater than or equal to 0'],
    ],
    ['a text', { maxUnavailable: 'some', selector }, [`spec.maxUnavailable: Invalid value: "some": ${percent}`]],
    [
      'more than all',
      { minAvailable: '101%', selector },
      ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      'a bad selector',
      { minAvailable: 1, selector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } },
      ['spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator'],
    ],
    [
      'an unknown policy',
      { minAvailable: 1, selector, unhealthyPodEvictionPolicy: 'Never' },
      [
        'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
      ],
    ],
  ])('[U1] are judged with %s', (_, spec, expected) => {
    expect(problems(podDisruptionBudgets, { spec })).toEqual(expected);
  });

  it('[U1] have no negative counts in their status', () => {
    const metadata = { name: 'b', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { selector } };
    const status = { disruptionsAllowed: -1, currentHealthy: 1, desiredHealthy: 0, expectedPods: -2 };
    const errors = validateUpdate(podDisruptionBudgets, { ...budget, status } as never, budget, 'status');
    expect(errors.map(({ field }) => field)).toEqual(['status.disruptionsAllowed', 'status.expectedPods']);
  });
});
