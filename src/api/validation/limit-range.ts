/** LimitRanges. Upstream: apis/core/validation ValidateLimitRange. */
import type { LimitRange, LimitRangeItem } from '../gen/core.v1.gen.ts';
import { checkLabelKey } from '../names.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';
import type { FieldErrors } from './field-error.ts';
import { FieldPath } from './field-path.ts';

const standardTypes = ['Pod', 'Container', 'PersistentVolumeClaim'];
const containerResources = ['cpu', 'memory', 'ephemeral-storage'];
const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
const onlyOfContainers = "may not be specified when `type` is 'Pod'";
/** How many digits Go's %f prints. */
const ratioDigits = 6;

export function validateLimitRange(errors: FieldErrors, range: LimitRange): void {
  const types = new Set<string>();
  for (const [index, item] of (range.spec?.limits ?? []).entries()) {
    const path = FieldPath.of('spec', 'limits').index(index);
    validateType(errors, path.child('type'), item.type);
    if (types.has(item.type)) errors.duplicate(path.child('type'), item.type);
    types.add(item.type);
    validateItem(errors, path, item);
  }
}

function validateType(errors: FieldErrors, path: FieldPath, type: string): void {
  errors.invalidEach(path, type, checkLabelKey(type));
  if (type.includes('/') || standardTypes.includes(type)) return;
  errors.invalid(path, type, 'must be a standard limit type or fully qualified');
}

function validateItem(errors: FieldErrors, path: FieldPath, item: LimitRangeItem): void {
  const names = new Set<string>();
  const isOfPods = item.type === 'Pod';
  for (const list of lists) {
    const entries = Object.keys(item[list] ?? {});
    if (isOfPods && entries.length > 0 && (list === 'default' || list === 'defaultRequest')) {
      errors.forbidden(path.child(list), onlyOfContainers);
      continue;
    }
    for (const name of entries) validateResource(errors, path.child(list).key(name), { name, type: item.type });
    for (const name of entries) names.add(name);
  }
  const isUnlimited = item.min?.storage === undefined && item.max?.storage === undefined;
  if (item.type === 'PersistentVolumeClaim' && isUnlimited) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    errors.required(path.child('limits'), detail);
  }
  for (const name of names) {
    validateOrder(errors, path, { item: isOfPods ? { ...item, default: {}, defaultRequest: {} } : item, name });
    validateRatio(errors, path.child('maxLimitRequestRatio').key(name), { item, name });
  }
}

function validateResource(
  errors: FieldErrors,
  path: FieldPath,
  { name, type }: { readonly name: string; readonly type: string },
): void {
  errors.invalidEach(path, name, checkLabelKey(name));
  if (name.includes('/') || (type !== 'Pod' && type !== 'Container')) return;
  if (containerResources.includes(name) || name.startsWith('hugepages-')) return;
  errors.invalid(path, name, 'must be a standard resource for containers');
}

interface Limited {
  readonly item: LimitRangeItem;
  readonly name: string;
}

/** No amount may be below the one that bounds it from below. */
function validateOrder(errors: FieldErrors, path: FieldPath, { item, name }: Limited): void {
  const [min, max, limit, request] = [item.min, item.max, item.default, item.defaultRequest].map(
    (list) => list?.[name],
  );
  const check = (
    list: string,
    shown: string | undefined,
    pair: readonly [string, string | undefined, string, string | undefined],
  ) => {
    const [what, lower, than, upper] = pair;
    if (lower === undefined || upper === undefined || compareQuantities(lower, upper) <= 0) return;
    errors.invalid(path.child(list).key(name), shown, `${what} value ${lower} is greater than ${than} value ${upper}`);
  };
  check('min', min, ['min', min, 'max', max]);
  check('defaultRequest', request, ['min', min, 'default request', request]);
  check('defaultRequest', request, ['default request', request, 'max', max]);
  check('defaultRequest', request, ['default request', request, 'default limit', limit]);
  check('default', min, ['min', min, 'default', limit]);
  check('default', max, ['default', limit, 'max', max]);
}

function validateRatio(errors: FieldErrors, path: FieldPath, { item, name }: Limited): void {
  const ratio = item.maxLimitRequestRatio?.[name];
  const [min, max] = [item.min?.[name], item.max?.[name]];
  if (ratio === undefined) return;
  if (compareQuantities(ratio, '1') < 0) errors.invalid(path, ratio, `ratio ${ratio} is less than 1`);
  if (min === undefined || max === undefined) return;
  const widest = approximately(max) / approximately(min);
  if (approximately(ratio) <= widest) return;
  errors.invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${widest.toFixed(ratioDigits)}`);
}

/** Only for ratios: a double is exact enough for them. */
function approximately(quantity: string): number {
  return Number(parseQuantity(quantity).nano) / 1e9;
}
