/** How a pod may say that it wants to be near, far from or spread with other pods. */
import type { PodAffinity, PodAffinityTerm, PodSpec, TopologySpreadConstraint } from '../gen/core.v1.gen.ts';
import type { LabelSelector } from '../gen/meta.v1.gen.ts';
import { checkDnsLabel, checkLabelKey } from '../names.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './object-meta.ts';

const scheduleActions = ['DoNotSchedule', 'ScheduleAnyway'];
const inclusionPolicies = ['Honor', 'Ignore'];
const notPositive = 'must be greater than zero';

interface LabelKeys {
  readonly matchLabelKeys?: readonly string[] | undefined;
  readonly mismatchLabelKeys?: readonly string[] | undefined;
  readonly labelSelector?: LabelSelector | undefined;
}

/** Upstream: ValidateMatchLabelKeysAndMismatchLabelKeys, with its paths. */
function validateLabelKeys(errors: FieldErrors, path: FieldPath, given: LabelKeys): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = given;
  for (const [name, keys] of [
    ['matchLabelKeys', matchLabelKeys],
    ['mismatchLabelKeys', mismatchLabelKeys],
  ] as const) {
    const at = path.child(name);
    if (keys.length === 0) continue;
    if (!labelSelector) errors.forbidden(at, 'must not be specified when labelSelector is not set');
    else for (const [index, key] of keys.entries()) errors.invalidEach(at.index(index), key, checkLabelKey(key));
  }
  // The selector carries what the keys stand for by now, so a key that it has twice was also written there by hand.
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key);
    if (index >= 0 && seen.has(key)) {
      errors.invalid(path.index(index), key, 'exists in both matchLabelKeys and labelSelector');
    }
    seen.add(key);
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue;
    const at = path.child('matchLabelKeys').index(index);
    errors.invalid(at, key, 'exists in both matchLabelKeys and mismatchLabelKeys');
  }
}

function validateTerm(errors: FieldErrors, path: FieldPath, term: PodAffinityTerm): void {
  validateLabelSelector(errors, path.child('labelSelector'), term.labelSelector);
  validateLabelSelector(errors, path.child('namespaceSelector'), term.namespaceSelector);
  for (const name of term.namespaces ?? []) errors.invalidEach(path.child('namespace'), name, checkDnsLabel(name));
  validateLabelKeys(errors, path, term);
  const { topologyKey = '' } = term;
  if (topologyKey === '') errors.required(path.child('topologyKey'), 'can not be empty');
  errors.invalidEach(path.child('topologyKey'), topologyKey, checkLabelKey(topologyKey));
}

/** The rules of podAffinity and of podAntiAffinity, which are alike. */
export function validatePodAffinity(errors: FieldErrors, path: FieldPath, affinity: PodAffinity): void {
  const required = path.child('requiredDuringSchedulingIgnoredDuringExecution');
  for (const [index, term] of (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    validateTerm(errors, required.index(index), term);
  }
  const preferred = path.child('preferredDuringSchedulingIgnoredDuringExecution');
  for (const [index, weighted] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const { weight = 0, podAffinityTerm } = weighted;
    const at = preferred.index(index);
    if (weight <= 0 || weight > 100) errors.invalid(at.child('weight'), weight, 'must be in the range 1-100');
    validateTerm(errors, at.child('podAffinityTerm'), podAffinityTerm ?? ({} as PodAffinityTerm));
  }
}

function validateConstraint(errors: FieldErrors, path: FieldPath, constraint: TopologySpreadConstraint): void {
  const { maxSkew = 0, topologyKey, whenUnsatisfiable = '', minDomains } = constraint;
  if (maxSkew <= 0) errors.invalid(path.child('maxSkew'), maxSkew, notPositive);
  if (!topologyKey) errors.required(path.child('topologyKey'), 'can not be empty');
  if (!scheduleActions.includes(whenUnsatisfiable)) {
    errors.unsupported(path.child('whenUnsatisfiable'), whenUnsatisfiable, scheduleActions);
  }
  if (minDomains === undefined) return;
  const at = path.child('minDomains');
  if (minDomains <= 0) errors.invalid(at, minDomains, notPositive);
  if (whenUnsatisfiable !== 'DoNotSchedule') {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.invalid(at, minDomains, detail);
  }
}

/** Upstream: validateTopologySpreadConstraints. */
export function validateTopologySpread(errors: FieldErrors, path: FieldPath, spec: PodSpec): void {
  const constraints = spec.topologySpreadConstraints ?? [];
  for (const [index, constraint] of constraints.entries()) {
    const at = path.index(index);
    const { topologyKey, whenUnsatisfiable, nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
    validateConstraint(errors, at, constraint);
    const isRepeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (isRepeated) {
      errors.duplicate(at.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`);
    }
    for (const [name, policy] of Object.entries({ nodeAffinityPolicy, nodeTaintsPolicy })) {
      if (policy !== undefined && !inclusionPolicies.includes(policy)) {
        errors.unsupported(at.child(name), policy, inclusionPolicies);
      }
    }
    validateLabelKeys(errors, at, constraint);
    validateLabelSelector(errors, at.child('labelSelector'), constraint.labelSelector);
  }
}
