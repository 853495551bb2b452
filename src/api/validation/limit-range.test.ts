import { describe, expect, it } from 'vitest';
import type { LimitRange, LimitRangeItem } from '../gen/core.v1.gen.ts';
import { limitRanges } from '../resources.ts';
import { validateCreate } from './validate.ts';

function problems(...limits: LimitRangeItem[]): readonly string[] {
  const metadata = { name: 'l', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const range: LimitRange = { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits } };
  return validateCreate(limitRanges, range).map(({ field, message }) => `${field}: ${message}`);
}
const container = (item: Omit<LimitRangeItem, 'type'>): LimitRangeItem => ({ type: 'Container', ...item });
const cpu = (amount: string) => ({ cpu: amount });

describe('a LimitRange', () => {
  it.each<[string, LimitRangeItem]>([
    ['[A19] of claims with a largest size', { type: 'PersistentVolumeClaim', max: { storage: '10Gi' } }],
    ['[A19] of claims with a smallest size', { type: 'PersistentVolumeClaim', min: { storage: '1Gi' } }],
    ['[A19] of pods', { type: 'Pod', max: cpu('2'), min: cpu('1'), maxLimitRequestRatio: cpu('2') }],
    [
      '[A19] of containers with all there is',
      container({
        max: cpu('4'),
        min: cpu('1'),
        default: cpu('3'),
        defaultRequest: cpu('2'),
        maxLimitRequestRatio: cpu('4'),
      }),
    ],
    ['[A19] of a type of one’s own', { type: 'example.com/thing', max: { 'example.com/size': '1' } }],
  ])('%s: is accepted', (_title, item) => {
    expect(problems(item)).toEqual([]);
  });

  const at = 'spec.limits[0]';
  it.each<[string, LimitRangeItem, string]>([
    [
      '[A19] of claims without a size',
      { type: 'PersistentVolumeClaim' },
      `${at}.limits: Required value: either minimum or maximum storage value is required, but neither was provided`,
    ],
    [
      '[A19] of claims whose smallest size is the larger',
      { type: 'PersistentVolumeClaim', min: { storage: '10Gi' }, max: { storage: '1Gi' } },
      `${at}.min[storage]: Invalid value: "10Gi": min value 10Gi is greater than max value 1Gi`,
    ],
    [
      '[A19] of an unknown type',
      { type: 'foo', max: cpu('1') },
      `${at}.type: Invalid value: "foo": must be a standard limit type or fully qualified`,
    ],
    [
      '[A19] of containers by something unknown',
      container({ max: { storage: '1' } }),
      `${at}.max[storage]: Invalid value: "storage": must be a standard resource for containers`,
    ],
    [
      '[A19] of pods with a default',
      { type: 'Pod', default: cpu('1') },
      `${at}.default: Forbidden: may not be specified when \`type\` is 'Pod'`,
    ],
    [
      '[A19] of pods with a default request',
      { type: 'Pod', defaultRequest: cpu('1') },
      `${at}.defaultRequest: Forbidden: may not be specified when \`type\` is 'Pod'`,
    ],
    [
      '[A19] whose default request is too small',
      container({ min: cpu('2'), defaultRequest: cpu('1') }),
      `${at}.defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1`,
    ],
    [
      '[A19] whose default request is too large',
      container({ max: cpu('1'), defaultRequest: cpu('2') }),
      `${at}.defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1`,
    ],
    [
      '[A19] whose default request exceeds the default',
      container({ default: cpu('1'), defaultRequest: cpu('2') }),
      `${at}.defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1`,
    ],
    [
      '[A19] whose default is too small',
      container({ min: cpu('2'), default: cpu('1') }),
      `${at}.default[cpu]: Invalid value: "2": min value 2 is greater than default value 1`,
    ],
    [
      '[A19] whose default is too large',
      container({ max: cpu('1'), default: cpu('2') }),
      `${at}.default[cpu]: Invalid value: "1": default value 2 is greater than max value 1`,
    ],
    [
      '[A19] whose ratio is below one',
      container({ maxLimitRequestRatio: cpu('800m') }),
      `${at}.maxLimitRequestRatio[cpu]: Invalid value: "800m": ratio 800m is less than 1`,
    ],
    [
      '[A19] whose ratio nobody can reach',
      container({ min: cpu('500m'), max: cpu('2'), maxLimitRequestRatio: cpu('10') }),
      `${at}.maxLimitRequestRatio[cpu]: Invalid value: "10": ratio 10 is greater than max/min = 4.000000`,
    ],
  ])('%s: is refused', (_title, item, problem) => {
    expect(problems(item)).toContain(problem);
  });

  it('[A19] limits each type once', () => {
    const item: LimitRangeItem = { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } };
    expect(problems(item, item)).toEqual(['spec.limits[1].type: Duplicate value: "PersistentVolumeClaim"']);
  });
});
