/** PodDisruptionBudgets. Upstream: apis/policy/validation. */
import type { PodDisruptionBudget } from '../gen/policy.v1.gen.ts';
import type { FieldErrors } from './field-error.ts';
import { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validateCountOrPercent } from './workloads.ts';

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];
const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

function isMoreThanAll(value: number | string | undefined): boolean {
  return typeof value === 'string' && Number(/^(\d+)%$/.exec(value)?.[1] ?? 0) > 100;
}

export function validatePodDisruptionBudget(errors: FieldErrors, { spec }: PodDisruptionBudget): void {
  const path = FieldPath.of('spec');
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec ?? {};
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.invalid(path, spec, 'minAvailable and maxUnavailable cannot be both set');
  }
  for (const [name, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined) continue;
    validateCountOrPercent(errors, path.child(name), value);
    if (isMoreThanAll(value)) errors.invalid(path.child(name), value, 'must not be greater than 100%');
  }
  validateLabelSelector(errors, path.child('selector'), selector);
  if (unhealthyPodEvictionPolicy !== undefined && !evictionPolicies.includes(unhealthyPodEvictionPolicy)) {
    errors.unsupported(path.child('unhealthyPodEvictionPolicy'), unhealthyPodEvictionPolicy, evictionPolicies);
  }
}

export function validatePodDisruptionBudgetStatus(errors: FieldErrors, { status }: PodDisruptionBudget): void {
  for (const name of counts) {
    const count = status?.[name] ?? 0;
    if (count < 0) errors.invalid(FieldPath.of('status', name), count, 'must be greater than or equal to 0');
  }
}
