/** ResourceQuotas. Upstream: apis/core/validation ValidateResourceQuota and what it calls. */
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../gen/core.v1.gen.ts';
import { checkLabelKey } from '../names.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';
import { isEqual } from './equal.ts';
import { type FieldErrors, immutable } from './field-error.ts';
import { FieldPath } from './field-path.ts';

const computeResources: ReadonlySet<string> = new Set(
  ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
);
const countedResources: ReadonlySet<string> = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);
const claimResources: ReadonlySet<string> = new Set(['persistentvolumeclaims', 'requests.storage']);
const hugePages = /^(requests\.)?hugepages-/;

const scopes: ReadonlySet<string> = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
]);
/** Scopes that are there or not, and have no values. */
const plainScopes: ReadonlySet<string> = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'CrossNamespacePodAffinity',
]);
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
const nanoPerUnit = 1_000_000_000n;

function isStandard(name: string): boolean {
  return (
    computeResources.has(name) || countedResources.has(name) || name === 'requests.storage' || hugePages.test(name)
  );
}

function mayScope(scope: string, name: string): boolean {
  if (scope === 'VolumeAttributesClass') return claimResources.has(name);
  if (scope === 'BestEffort') return name === 'pods';
  return name === 'pods' || computeResources.has(name);
}

export function validateResourceQuota(errors: FieldErrors, quota: ResourceQuota): void {
  const path = FieldPath.of('spec');
  const hard = quota.spec?.hard ?? {};
  validateAmounts(errors, path.child('hard'), hard);
  const { scopes: given, scopeSelector } = quota.spec ?? {};
  if (given?.length) validateScopes(errors, path.child('scopes'), { names: given, whole: given, hard });
  const requirements = scopeSelector?.matchExpressions;
  if (!requirements?.length) return;
  const at = path.child('scopeSelector').child('matchExpressions');
  for (const requirement of requirements) validateRequirement(errors, at, requirement);
  const names = requirements.map(({ scopeName }) => scopeName);
  validateScopes(errors, at, { names, whole: scopeSelector, hard });
}

export function validateResourceQuotaUpdate(errors: FieldErrors, quota: ResourceQuota, previous: ResourceQuota): void {
  validateResourceQuota(errors, quota);
  const [now = [], before = []] = [quota.spec?.scopes, previous.spec?.scopes];
  if (!isEqual([...now].sort(), [...before].sort())) errors.invalid(FieldPath.of('spec', 'scopes'), now, immutable);
}

export function validateResourceQuotaStatus(errors: FieldErrors, { status }: ResourceQuota): void {
  validateAmounts(errors, FieldPath.of('status', 'hard'), status?.hard ?? {});
  validateAmounts(errors, FieldPath.of('status', 'used'), status?.used ?? {});
}

function validateAmounts(errors: FieldErrors, path: FieldPath, amounts: Readonly<Record<string, string>>): void {
  for (const [name, quantity] of Object.entries(amounts)) {
    const at = path.key(name);
    errors.invalidEach(at, name, checkLabelKey(name));
    if (!name.includes('/') && !isStandard(name)) errors.invalid(at, name, 'must be a standard resource for quota');
    if (compareQuantities(quantity, '0') < 0) errors.invalid(at, quantity, 'must be greater than or equal to 0');
    const isWhole = countedResources.has(name) || name === 'requests.storage' || name.startsWith('count/');
    if (isWhole && parseQuantity(quantity).nano % nanoPerUnit !== 0n) {
      errors.invalid(at, quantity, 'must be an integer');
    }
  }
}

interface GivenScopes {
  readonly names: readonly string[];
  /** What the errors show. */
  readonly whole: unknown;
  readonly hard: Readonly<Record<string, string>>;
}

function validateScopes(errors: FieldErrors, path: FieldPath, { names, whole, hard }: GivenScopes): void {
  for (const scope of names) {
    if (!scopes.has(scope)) errors.invalid(path, whole, 'unsupported scope');
    const isMisplaced = Object.keys(hard).some((name) => isStandard(name) && !mayScope(scope, name));
    if (isMisplaced) errors.invalid(path, whole, 'unsupported scope applied to resource');
  }
  for (const [one, other] of opposites) {
    if (names.includes(one) && names.includes(other)) errors.invalid(path, whole, 'conflicting scopes');
  }
}

function validateRequirement(
  errors: FieldErrors,
  path: FieldPath,
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
): void {
  if (plainScopes.has(scopeName) && operator !== 'Exists') {
    const detail =
      "must be 'Exist' only operator when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    errors.invalid(path.child('operator'), operator, detail);
  }
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return;
      errors.required(
        path.child('values'),
        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      );
      return;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return;
      errors.invalid(
        path.child('values'),
        values,
        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      );
      return;
    default:
      errors.invalid(path.child('operator'), operator, 'not a valid selector operator');
  }
}
