import { describe, expect, it } from 'vitest';
import type { ResourceQuota } from '../gen/core.v1.gen.ts';
import { resourceQuotas } from '../resources.ts';
import { validateCreate, validateUpdate } from './validate.ts';

type Spec = NonNullable<ResourceQuota['spec']>;

function quota(spec: Spec, status?: ResourceQuota['status']): ResourceQuota {
  const metadata = { name: 'q', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec, ...(status ? { status } : {}) };
}
const problems = (spec: Spec) =>
  validateCreate(resourceQuotas, quota(spec)).map(({ field, message }) => `${field}: ${message}`);
const selector = (scopeName: string, operator: string, values?: readonly string[]) => ({
  matchExpressions: [{ scopeName, operator, ...(values ? { values } : {}) }],
});

describe('a quota', () => {
  it.each<[string, Spec]>([
    ['[A19] of storage, by class too', { hard: { 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' } }],
    ['[A19] of counts', { hard: { 'count/jobs.batch': '3', persistentvolumeclaims: '2', pods: '0' } }],
    ['[A19] of compute and extended resources', { hard: { 'limits.cpu': '1500m', 'requests.example.com/gpu': '1' } }],
    ['[A19] of pods with a scope', { hard: { pods: '1' }, scopes: ['BestEffort'] }],
    [
      '[A19] of claims of a class',
      { hard: { 'requests.storage': '1' }, scopeSelector: selector('VolumeAttributesClass', 'In', ['gold']) },
    ],
  ])('%s: is accepted', (_title, spec) => {
    expect(problems(spec)).toEqual([]);
  });

  it.each<[string, Spec, string]>([
    [
      '[A19] of something unknown',
      { hard: { storage: '1Gi' } },
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
    ],
    [
      '[A19] of a negative amount',
      { hard: { pods: '-1' } },
      'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      '[A19] of half an object',
      { hard: { pods: '500m' } },
      'spec.hard[pods]: Invalid value: "500m": must be an integer',
    ],
    [
      '[A19] of an unknown scope',
      { hard: { pods: '1' }, scopes: ['Some'] },
      'spec.scopes: Invalid value: ["Some"]: unsupported scope',
    ],
    [
      '[A19] of claims that are best effort',
      { hard: { persistentvolumeclaims: '1' }, scopes: ['BestEffort'] },
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ],
    [
      '[A19] of scopes that exclude each other',
      { hard: { pods: '1' }, scopes: ['Terminating', 'NotTerminating'] },
      'spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
    ],
    [
      '[A19] of a class that is in no list',
      { hard: { pods: '1' }, scopeSelector: selector('PriorityClass', 'In') },
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
    [
      '[A19] of a class that exists with values',
      { hard: { pods: '1' }, scopeSelector: selector('PriorityClass', 'Exists', ['a']) },
      "spec.scopeSelector.matchExpressions.values: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    ],
    [
      '[A19] of an operator that is none',
      { hard: { pods: '1' }, scopeSelector: selector('PriorityClass', 'Gt', ['1']) },
      'spec.scopeSelector.matchExpressions.operator: Invalid value: "Gt": not a valid selector operator',
    ],
  ])('%s: is refused', (_title, spec, problem) => {
    expect(problems(spec)).toContain(problem);
  });

  it('[A19] keeps its scopes, and its status holds amounts', () => {
    const before = quota({ hard: { pods: '1' }, scopes: ['BestEffort'] });
    const after = quota({ hard: { pods: '2' }, scopes: ['NotBestEffort'] });
    expect(validateUpdate(resourceQuotas, after, before).map(({ message }) => message)).toContain(
      'Invalid value: ["NotBestEffort"]: field is immutable',
    );
    const counted = quota({ hard: { pods: '1' } }, { hard: { pods: '1' }, used: { pods: '-1' } });
    expect(validateUpdate(resourceQuotas, counted, counted, 'status').map(({ field }) => field)).toEqual([
      'status.used[pods]',
    ]);
  });
});
