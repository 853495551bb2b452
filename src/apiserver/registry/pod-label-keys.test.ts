import { describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { withLabelKeysMerged } from './pod-label-keys.ts';

const labels = { app: 'web', revision: '2', tenant: 'red' };
const selector = { matchLabels: { app: 'web' } };
const keys = { topologyKey: 'zone', matchLabelKeys: ['revision', 'absent'], mismatchLabelKeys: ['tenant'] };
const term = { ...keys, labelSelector: selector };
const narrowed = {
  ...term,
  labelSelector: {
    ...selector,
    matchExpressions: [
      { key: 'revision', operator: 'In', values: ['2'] },
      { key: 'tenant', operator: 'NotIn', values: ['red'] },
    ],
  },
};

const pod = (spec: Partial<Pod['spec']>) =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels }, spec }) as unknown as Pod;

describe('the label keys of a new pod', () => {
  it.each(['podAffinity', 'podAntiAffinity'] as const)('[U1] narrow the selectors of its %s', (side) => {
    const affinity = (one: typeof term) => ({
      [side]: {
        requiredDuringSchedulingIgnoredDuringExecution: [one],
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: one }],
      },
    });
    expect(withLabelKeysMerged(pod({ affinity: affinity(term) })).spec).toEqual({ affinity: affinity(narrowed) });
  });

  it('[U1] narrow the selectors of its spread constraints, after what is there', () => {
    const exists = { key: 'app', operator: 'Exists' };
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const given = { ...constraint, matchLabelKeys: ['revision'], labelSelector: { matchExpressions: [exists] } };
    const { spec } = withLabelKeysMerged(pod({ topologySpreadConstraints: [given, constraint] }));
    const revision = { key: 'revision', operator: 'In', values: ['2'] };
    expect(spec.topologySpreadConstraints).toEqual([
      { ...given, labelSelector: { matchExpressions: [exists, revision] } },
      constraint,
    ]);
  });

  it('[U1] leave a term without a selector, and a pod without terms, as they are', () => {
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [keys] } };
    expect(withLabelKeysMerged(pod({ affinity })).spec).toEqual({ affinity });
    const plain = pod({ containers: [] });
    expect(withLabelKeysMerged(plain)).toBe(plain);
  });
});
