/** Node selectors, tolerations and topology terms. */
import type {
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Toleration,
} from '../gen/core.v1.gen.ts';
import type { TopologySelectorTerm } from '../gen/storage.v1.gen.ts';
import { checkDnsSubdomain, checkLabelKey, checkLabelValue } from '../names.ts';
import { isEqual } from './equal.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';

function validateExpression(errors: FieldErrors, path: FieldPath, expression: NodeSelectorRequirement): void {
  const values = expression.values ?? [];
  switch (expression.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.required(path.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'");
      }
      break;
    default:
      errors.invalid(path.child('operator'), expression.operator ?? '', 'not a valid selector operator');
  }
  errors.invalidEach(path.child('key'), expression.key ?? '', checkLabelKey(expression.key ?? ''));
}

function validateField(errors: FieldErrors, path: FieldPath, field: NodeSelectorRequirement): void {
  const values = field.values ?? [];
  if (field.operator !== 'In' && field.operator !== 'NotIn') {
    errors.invalid(path.child('operator'), field.operator ?? '', 'not a valid selector operator');
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.required(path.child('values'), detail);
  }
  if (field.key !== 'metadata.name') {
    errors.invalid(path.child('key'), field.key ?? '', 'not a valid field selector key');
    return;
  }
  for (const [index, value] of values.entries()) {
    errors.invalidEach(path.child('values').index(index), value, checkDnsSubdomain(value));
  }
}

interface TermRules {
  /** Label values must be such as a label can have. */
  readonly checkValues: boolean;
}

function validateTerm(errors: FieldErrors, path: FieldPath, term: NodeSelectorTerm, rules: TermRules): void {
  for (const [index, expression] of (term.matchExpressions ?? []).entries()) {
    const at = path.child('matchExpressions').index(index);
    validateExpression(errors, at, expression);
    if (!rules.checkValues) continue;
    for (const [valueIndex, value] of (expression.values ?? []).entries()) {
      errors.invalidEach(at.child('values').index(valueIndex), value, checkLabelValue(value));
    }
  }
  for (const [index, field] of (term.matchFields ?? []).entries()) {
    validateField(errors, path.child('matchFields').index(index), field);
  }
}

export function validateNodeSelector(
  errors: FieldErrors,
  path: FieldPath,
  selector: NodeSelector,
  rules: TermRules = { checkValues: true },
): void {
  const at = path.child('nodeSelectorTerms');
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) errors.required(at, 'must have at least one node selector term');
  for (const [index, term] of terms.entries()) validateTerm(errors, at.index(index), term, rules);
}

export function validateNodeAffinity(errors: FieldErrors, path: FieldPath, affinity: NodeAffinity): void {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (required) {
    const at = path.child('requiredDuringSchedulingIgnoredDuringExecution');
    validateNodeSelector(errors, at, required, { checkValues: false });
  }
  for (const [index, preferred] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = path.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
    const weight = preferred.weight ?? 0;
    if (weight < 1 || weight > 100) errors.invalid(at.child('weight'), weight, 'must be in the range 1-100');
    validateTerm(errors, at.child('preference'), preferred.preference ?? {}, { checkValues: false });
  }
}

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTaintEffect(errors: FieldErrors, path: FieldPath, effect: string | undefined): void {
  if (effect && !taintEffects.includes(effect)) errors.unsupported(path, effect, taintEffects);
}

export function validateToleration(errors: FieldErrors, path: FieldPath, toleration: Toleration): void {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  if (key) errors.invalidEach(path.child('key'), key, checkLabelKey(key));
  if (!key && operator !== 'Exists') {
    errors.invalid(
      path.child('operator'),
      operator ?? '',
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.invalid(path.child('effect'), effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
  if (operator === undefined || operator === '' || operator === 'Equal') {
    errors.invalidEach(path.child('operator'), value ?? '', checkLabelValue(value ?? ''));
  } else if (operator !== 'Exists') {
    errors.unsupported(path.child('operator'), operator, ['Equal', 'Exists']);
  } else if (value) {
    errors.invalid(path.child('operator'), toleration, "value must be empty when `operator` is 'Exists'");
  }
  validateTaintEffect(errors, path.child('effect'), effect);
}

/** The allowedTopologies of a class. */
export function validateTopologyTerms(
  errors: FieldErrors,
  path: FieldPath,
  terms: readonly TopologySelectorTerm[],
): void {
  const seen: unknown[] = [];
  for (const [index, term] of terms.entries()) {
    const at = path.index(index).child('matchLabelExpressions');
    const expressions = term.matchLabelExpressions ?? [];
    const keys = new Map<string, readonly string[]>();
    for (const [position, { key, values = [] }] of expressions.entries()) {
      const here = at.index(position);
      if (values.length === 0) errors.required(here.child('values'));
      const duplicate = values.find((value, valueIndex) => values.indexOf(value) < valueIndex);
      if (duplicate !== undefined)
        errors.duplicate(here.child('values').index(values.lastIndexOf(duplicate)), duplicate);
      errors.invalidEach(here.child('key'), key, checkLabelKey(key));
      if (keys.has(key)) errors.duplicate(here.child('key'), key);
      keys.set(key, [...values].sort());
    }
    const sorted = [...keys].sort(([left], [right]) => (left < right ? -1 : 1));
    if (seen.some((other) => isEqual(other, sorted))) errors.duplicate(at, '');
    seen.push(sorted);
  }
}
