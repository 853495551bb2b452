/** Acting as somebody else, for those who may. Upstream: apiserver endpoints/filters/impersonation.go. */
import type { IncomingMessage } from 'node:http';
import { ApiStatusError, type Identity } from '../../api/index.ts';
import { type AccessAttributes, type Authorizer, forbiddenAccess } from '../auth/authorizer.ts';

/** The identity that the request is to be served under. Throws Forbidden when the sender may not act as that one. */
export async function impersonated(
  authorizer: Authorizer,
  sender: Identity,
  { headersDistinct: headers }: IncomingMessage,
): Promise<Identity> {
  const [user] = headers['impersonate-user'] ?? [];
  const groups = headers['impersonate-group'] ?? [];
  const [uid] = headers['impersonate-uid'] ?? [];
  if (!user) {
    if (groups.length === 0 && !uid) return sender;
    throw ApiStatusError.of('BadRequest', 'requested impersonation of a group or uid without impersonating a user');
  }
  await require(authorizer, sender, 'users', user);
  for (const group of groups) await require(authorizer, sender, 'groups', group);
  if (uid) await require(authorizer, sender, 'uids', uid);
  return { user, ...(uid ? { uid } : {}), groups: [...groups, ...implied(user, groups)] };
}

async function require(authorizer: Authorizer, sender: Identity, resource: string, name: string): Promise<void> {
  const group = resource === 'uids' ? 'authentication.k8s.io' : '';
  const attributes: AccessAttributes = {
    verb: 'impersonate',
    group,
    version: 'v1',
    resource,
    subresource: undefined,
    namespace: undefined,
    name,
  };
  const { allowed, reason } = await authorizer.authorize(sender, attributes);
  if (!allowed) throw forbiddenAccess(sender, attributes, reason);
}

/** The groups that everybody of the kind is in. */
function implied(user: string, groups: readonly string[]): readonly string[] {
  if (user === 'system:anonymous') return ['system:unauthenticated'];
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? [];
  const accountGroups =
    namespace && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [];
  return groups.includes('system:unauthenticated') ? accountGroups : [...accountGroups, 'system:authenticated'];
}
