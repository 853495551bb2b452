import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterRoleBindings, clusterRoles, type Identity, pods, roleBindings, roles } from '../../api/index.ts';
import { seededRandom, silentLogger } from '../../base/index.ts';
import { createApiServer } from '../api-server.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { pod } from '../test-objects.ts';

let harness: Harness;
const apiGroup = 'rbac.authorization.k8s.io';

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

/** A second server on the same store, which asks for permission. */
async function guarded() {
  const { store, clock } = harness;
  return await createApiServer({ store, clock, random: seededRandom(2), logger: silentLogger });
}

const bob: Identity = { user: 'bob', groups: ['staff', 'system:authenticated'] };

describe('role based access', () => {
  it('allows nothing that no role allows, and says what was refused', async () => {
    await using server = await guarded();
    const transport = server.transport(bob);
    const list = transport.request({ verb: 'list', resource: pods, namespace: 'default', options: {} });
    expect((await refusalOf(list)).message).toBe(
      'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    const get = transport.request({ verb: 'get', resource: clusterRoles, name: 'x' });
    expect((await refusalOf(get)).message).toBe(
      'clusterroles.rbac.authorization.k8s.io "x" is forbidden: User "bob" cannot get resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope',
    );
  });

  it('allows in its namespace what a role binding grants, from the moment it exists until it is gone', async () => {
    await using server = await guarded();
    const transport = server.transport(bob);
    const list = (namespace: string) =>
      transport.request({ verb: 'list', resource: pods, namespace, options: {} }).then(
        () => true,
        () => false,
      );
    expect(await list('default')).toBe(false);
    const metadata = { name: 'r', namespace: 'default' };
    await harness.create(roles, { metadata, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] });
    await harness.create(roleBindings, {
      metadata,
      roleRef: { apiGroup, kind: 'Role', name: 'r' },
      subjects: [{ apiGroup, kind: 'Group', name: 'staff' }],
    });
    expect(await list('default')).toBe(true);
    expect(await list('kube-system')).toBe(false);
    const watch = transport.watch({ verb: 'watch', resource: pods, namespace: 'default', options: {} });
    expect((await refusalOf(watch)).reason).toBe('Forbidden');
    await harness.delete(roleBindings, metadata);
    expect(await list('default')).toBe(false);
  });

  it('tells subresources, names and wildcards apart', async () => {
    await using server = await guarded();
    const transport = server.transport({ user: 'system:serviceaccount:default:robot', groups: [] });
    await harness.create(clusterRoles, {
      metadata: { name: 'robot' },
      rules: [
        { apiGroups: [''], resources: ['pods'], resourceNames: ['mine'], verbs: ['get'] },
        { apiGroups: ['*'], resources: ['*/status'], verbs: ['*'] },
      ],
    });
    await harness.create(clusterRoleBindings, {
      metadata: { name: 'robot' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'robot' },
      subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
    });
    await harness.create(pods, pod('mine'));
    await harness.create(pods, pod('other'));
    const reads = async (name: string, subresource?: string) => {
      try {
        await transport.request({ verb: 'get', resource: pods, namespace: 'default', name, subresource });
        return true;
      } catch {
        return false;
      }
    };
    expect(await reads('mine')).toBe(true);
    expect(await reads('other')).toBe(false);
    expect(await reads('other', 'status')).toBe(true);
  });

  it('makes the roles of the start once, and leaves them as they are', async () => {
    {
      await using _first = await guarded();
    }
    const role = await harness.get(clusterRoles, { name: 'view' });
    await harness.update(clusterRoles, { ...role, rules: [] });
    {
      await using _second = await guarded();
    }
    expect((await harness.get(clusterRoles, { name: 'view' })).rules ?? []).toEqual([]);
  });

  it('[rel-S-API13] lets nobody grant what he does not have', async () => {
    await using server = await guarded();
    const transport = server.transport(bob);
    const roleWrites = { apiGroups: [apiGroup], resources: ['roles', 'rolebindings'], verbs: ['create'] };
    const podReads = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
    await harness.create(clusterRoles, { metadata: { name: 'bob' }, rules: [roleWrites, podReads] });
    await harness.create(clusterRoleBindings, {
      metadata: { name: 'bob' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'bob' },
      subjects: [{ apiGroup, kind: 'User', name: 'bob' }],
    });
    const create = (resource: typeof roles | typeof roleBindings, object: object) =>
      transport.request({ verb: 'create', resource, namespace: 'default', object, options: {} });
    const metadata = { name: 'r', namespace: 'default' };
    await create(roles, { metadata, rules: [{ ...podReads, verbs: ['get'] }] });
    const more = { metadata: { ...metadata, name: 's' }, rules: [{ ...podReads, verbs: ['get', 'delete'] }] };
    expect((await refusalOf(create(roles, more))).message).toBe(
      'roles.rbac.authorization.k8s.io "s" is forbidden: user "bob" (groups=["staff" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get" "delete"]}',
    );
    const bind = (name: string, kind: string) => ({
      metadata: { ...metadata, name: `to-${name}` },
      roleRef: { apiGroup, kind, name },
      subjects: [{ apiGroup, kind: 'User', name: 'bob' }],
    });
    await create(roleBindings, bind('r', 'Role'));
    expect((await refusalOf(create(roleBindings, bind('cluster-admin', 'ClusterRole')))).reason).toBe('Forbidden');
    expect((await refusalOf(create(roleBindings, bind('missing', 'Role')))).message).toContain('not found');
  });
});
