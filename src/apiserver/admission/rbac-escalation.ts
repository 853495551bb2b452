/**
 * Nobody grants what he does not have: whoever writes a role or binding must hold every permission in it himself, or
 * the right to `escalate` or `bind`. Upstream: registry/rbac escalation_check.go, validation/rule.go.
 */
import {
  type ClusterRole,
  clusterRoles,
  type Identity,
  type PolicyRule,
  type Role,
  type RoleBinding,
  roles,
} from '../../api/index.ts';
import { type AccessAttributes, type Authorizer, attributesOf, forbidden } from '../auth/authorizer.ts';
import { allowsPath, allowsResource, type RbacAuthorizer } from '../auth/rbac.ts';
import { deepEqual } from '../registry/deep-equal.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

const roleResources = new Set(['roles', 'clusterroles']);
const bindingResources = new Set(['rolebindings', 'clusterrolebindings']);
const rbacGroup = 'rbac.authorization.k8s.io';

export interface EscalationOptions {
  readonly reader: ObjectReader;
  readonly rbac: RbacAuthorizer;
}

export function rbacEscalation(options: EscalationOptions): AdmissionPlugin {
  return {
    name: 'RbacEscalation',
    handles: (verb, { type }) =>
      verb !== 'delete' &&
      type.group === rbacGroup &&
      (roleResources.has(type.plural) || bindingResources.has(type.plural)),
    async validate(attributes) {
      const { identity, resource } = attributes;
      if (identity.groups.includes('system:masters')) return;
      if (roleResources.has(resource.type.plural)) await checkRole(options, attributes);
      else await checkBinding(options, attributes);
    },
  };
}

async function may(authorizer: Authorizer, identity: Identity, attributes: AccessAttributes): Promise<boolean> {
  return (await authorizer.authorize(identity, attributes)).allowed;
}

async function checkRole({ rbac }: EscalationOptions, attributes: AdmissionAttributes): Promise<void> {
  const { identity, resource, namespace, name } = attributes;
  const { rules = [] } = attributes.object as Role | ClusterRole;
  const before = (attributes.previous as Role | ClusterRole | undefined)?.rules ?? [];
  if (deepEqual(rules, before)) return;
  const escalate = attributesOf(resource, { verb: 'escalate', namespace, name });
  if (!(await may(rbac, identity, escalate))) await checkHeld(rbac, attributes, rules);
}

async function checkBinding({ rbac, reader }: EscalationOptions, attributes: AdmissionAttributes): Promise<void> {
  const { identity, namespace, previous } = attributes;
  const binding = attributes.object as RoleBinding;
  const before = previous as RoleBinding | undefined;
  if (deepEqual([binding.roleRef, binding.subjects], [before?.roleRef, before?.subjects])) return;
  const { kind, name } = binding.roleRef;
  const isCluster = kind === 'ClusterRole';
  const type = isCluster ? clusterRoles : roles;
  const { group, version, plural } = type;
  const bind = { verb: 'bind', group, version, resource: plural, subresource: undefined, namespace, name };
  if (await may(rbac, identity, bind)) return;
  const role = isCluster ? await reader.get(clusterRoles, name) : await reader.get(roles, name, namespace);
  if (!role) throw forbidden(attributes.resource.type, attributes.name, `${plural}.${group} "${name}" not found`);
  await checkHeld(rbac, attributes, role.rules ?? []);
}

/** Throws Forbidden with the rules that the writer does not hold himself. */
async function checkHeld(
  rbac: RbacAuthorizer,
  { identity, namespace, resource, name }: AdmissionAttributes,
  rules: readonly PolicyRule[],
): Promise<void> {
  const held = await rbac.rulesOf(identity, namespace);
  const missing = rules.filter((rule) => !isCovered(rule, held));
  if (missing.length === 0) return;
  const groups = identity.groups.map((group) => JSON.stringify(group)).join(' ');
  const detail = `user ${JSON.stringify(identity.user)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:`;
  throw forbidden(resource.type, name, [detail, ...missing.map(shown)].join('\n'));
}

/** Whether every single permission of the rule is in some held rule. */
function isCovered(rule: PolicyRule, held: readonly PolicyRule[]): boolean {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const paths = nonResourceURLs.every((path) =>
    verbs.every((verb) => held.some((own) => allowsPath(own, { verb, path }))),
  );
  const names = resourceNames.length > 0 ? resourceNames : [undefined];
  const permissions = verbs.flatMap((verb) =>
    apiGroups.flatMap((group) => resources.flatMap((full) => names.map((name) => ({ verb, group, full, name })))),
  );
  return (
    paths &&
    permissions.every(({ full, ...permission }) => {
      const [resource = '', subresource] = full.split('/');
      return held.some((own) =>
        allowsResource(own, { ...permission, version: '', resource, subresource, namespace: undefined }),
      );
    })
  );
}

function shown({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const part = (label: string, values: readonly string[] | undefined) =>
    values?.length ? [`${label}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`] : [];
  const parts = [
    ...part('APIGroups', apiGroups),
    ...part('Resources', resources),
    ...part('ResourceNames', resourceNames),
    ...part('NonResourceURLs', nonResourceURLs),
    ...part('Verbs', verbs),
  ];
  return `{${parts.join(', ')}}`;
}
