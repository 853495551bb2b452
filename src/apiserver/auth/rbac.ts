/**
 * Role based access control: what the Roles and ClusterRoles that are bound to somebody allow. The rules are gathered
 * by subject and gathered anew when a role or binding has changed. Upstream: plugin/pkg/auth/authorizer/rbac.
 */
import {
  type ClusterRoleBinding,
  clusterRoleBindings,
  clusterRoles,
  groupResourceOf,
  type Identity,
  type PolicyRule,
  type ResourceType,
  type RoleBinding,
  roleBindings,
  roles,
} from '../../api/index.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { Store } from '../store/store.ts';
import type { AccessAttributes, Authorizer, Decision, PathAttributes } from './authorizer.ts';

/** Members may do everything: how an administrator gets in before any role exists. */
const superGroup = 'system:masters';

const allowed: Decision = { allowed: true };
const denied: Decision = { allowed: false };

type RulesBySubject = ReadonlyMap<string, readonly PolicyRule[]>;

interface Policy {
  readonly cluster: RulesBySubject;
  readonly byNamespace: ReadonlyMap<string, RulesBySubject>;
}

const watchedTypes: readonly ResourceType[] = [clusterRoles, clusterRoleBindings, roles, roleBindings];

export class RbacAuthorizer implements Authorizer, Disposable {
  readonly #reader: ObjectReader;
  #policy: Promise<Policy> | undefined;
  readonly #subscriptions: Disposable[] = [];

  private constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  static async start(store: Store, reader: ObjectReader): Promise<RbacAuthorizer> {
    const authorizer = new RbacAuthorizer(reader);
    for (const type of watchedTypes) {
      const changed = () => {
        authorizer.#policy = undefined;
      };
      authorizer.#subscriptions.push(await store.subscribe(`${groupResourceOf(type)}/`, store.revision, changed));
    }
    return authorizer;
  }

  authorize(identity: Identity, attributes: AccessAttributes): Decision | Promise<Decision> {
    if (identity.groups.includes(superGroup)) return allowed;
    return this.#decide(identity, attributes.namespace, (rule) => allowsResource(rule, attributes));
  }

  authorizePath(identity: Identity, attributes: PathAttributes): Decision | Promise<Decision> {
    if (identity.groups.includes(superGroup)) return allowed;
    return this.#decide(identity, undefined, (rule) => allowsPath(rule, attributes));
  }

  /** Every rule that holds for somebody: in the cluster, and in a namespace when one is given. */
  async rulesOf(identity: Identity, namespace: string | undefined): Promise<readonly PolicyRule[]> {
    this.#policy ??= readPolicy(this.#reader);
    const { cluster, byNamespace } = await this.#policy;
    const local = namespace === undefined ? undefined : byNamespace.get(namespace);
    const subjects = [`User:${identity.user}`, ...identity.groups.map((group) => `Group:${group}`)];
    return subjects.flatMap((subject) => [...(cluster.get(subject) ?? []), ...(local?.get(subject) ?? [])]);
  }

  async #decide(
    identity: Identity,
    namespace: string | undefined,
    allows: (rule: PolicyRule) => boolean,
  ): Promise<Decision> {
    const rules = await this.rulesOf(identity, namespace);
    return rules.some(allows) ? allowed : denied;
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }
}

async function readPolicy(reader: ObjectReader): Promise<Policy> {
  const clusterRules = new Map((await reader.list(clusterRoles)).map((role) => [role.metadata.name, role.rules ?? []]));
  const namespacedRules = new Map(
    (await reader.list(roles)).map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, role.rules ?? []]),
  );
  const cluster = new Map<string, PolicyRule[]>();
  for (const binding of await reader.list(clusterRoleBindings)) {
    grant(cluster, binding, clusterRules.get(binding.roleRef.name) ?? []);
  }
  const byNamespace = new Map<string, Map<string, PolicyRule[]>>();
  for (const binding of await reader.list(roleBindings)) {
    const { namespace = '' } = binding.metadata;
    const local = byNamespace.get(namespace) ?? new Map<string, PolicyRule[]>();
    byNamespace.set(namespace, local);
    const { kind, name } = binding.roleRef;
    const rules = kind === 'ClusterRole' ? clusterRules.get(name) : namespacedRules.get(`${namespace}/${name}`);
    grant(local, binding, rules ?? []);
  }
  return { cluster, byNamespace };
}

function grant(
  granted: Map<string, PolicyRule[]>,
  { subjects = [], metadata }: RoleBinding | ClusterRoleBinding,
  rules: readonly PolicyRule[],
): void {
  for (const { kind, name, namespace = metadata.namespace } of subjects) {
    const subject = kind === 'ServiceAccount' ? `User:system:serviceaccount:${namespace}:${name}` : `${kind}:${name}`;
    granted.set(subject, [...(granted.get(subject) ?? []), ...rules]);
  }
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list?.includes(value) === true || list?.includes('*') === true;
}

export function allowsResource(rule: PolicyRule, attributes: AccessAttributes): boolean {
  const { verb, group, resource, subresource, name } = attributes;
  const full = subresource ? `${resource}/${subresource}` : resource;
  const anyResource = subresource ? `*/${subresource}` : '*';
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    (has(rule.resources, full) || has(rule.resources, anyResource)) &&
    (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name)))
  );
}

export function allowsPath(rule: PolicyRule, { verb, path }: PathAttributes): boolean {
  const matches = (pattern: string) =>
    pattern === path || pattern === '*' || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
  return has(rule.verbs, verb) && rule.nonResourceURLs?.some(matches) === true;
}
