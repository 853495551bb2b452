/** Acting as somebody else, for those who may. Upstream: apiserver endpoints/filters/impersonation. */
import type { IncomingMessage } from 'node:http';
import { ApiStatusError, type Identity } from '../../api/index.ts';
import { type AccessAttributes, type Authorizer, forbiddenAccess } from '../auth/authorizer.ts';

const extraPrefix = 'impersonate-extra-';
const authentication = 'authentication.k8s.io';
const authenticated = 'system:authenticated';
const unauthenticated = 'system:unauthenticated';

/** Whether the request asks to be served as somebody else's. */
export function isImpersonating({ headers }: IncomingMessage): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** The identity that the request is to be served under. Throws Forbidden when the sender may not act as that one. */
export async function impersonated(
  authorizer: Authorizer,
  sender: Identity,
  { headersDistinct: headers }: Pick<IncomingMessage, 'headersDistinct'>,
): Promise<Identity> {
  const [user] = headers['impersonate-user'] ?? [];
  const groups = headers['impersonate-group'] ?? [];
  const [uid] = headers['impersonate-uid'] ?? [];
  const extra = extraOf(headers);
  if (!user) {
    if (groups.length === 0 && !uid && extra.size === 0) return sender;
    const what = 'requested impersonation of a group, uid or extra without impersonating a user';
    throw ApiStatusError.of('BadRequest', what);
  }
  const account = accountOf(user);
  const require = (resource: string, more: Partial<AccessAttributes>) =>
    requireAccess(authorizer, sender, { ...nobody, resource, ...more });
  await (account ? require('serviceaccounts', account) : require('users', { name: user }));
  for (const name of groups) await require('groups', { name });
  for (const [subresource, values] of extra) {
    for (const name of values) await require('userextras', { group: authentication, subresource, name });
  }
  if (uid) await require('uids', { group: authentication, name: uid });
  return {
    user,
    ...(uid ? { uid } : {}),
    groups: groupsOf(user, groups, account?.namespace),
    ...(extra.size > 0 ? { extra: Object.fromEntries(extra) } : {}),
  };
}

const nobody: AccessAttributes = {
  verb: 'impersonate',
  group: '',
  version: 'v1',
  resource: '',
  subresource: undefined,
  namespace: undefined,
  name: undefined,
};

async function requireAccess(authorizer: Authorizer, sender: Identity, attributes: AccessAttributes): Promise<void> {
  const { allowed, reason } = await authorizer.authorize(sender, attributes);
  if (!allowed) throw forbiddenAccess(sender, attributes, reason);
}

function extraOf(headers: IncomingMessage['headersDistinct']): ReadonlyMap<string, readonly string[]> {
  const extra = new Map<string, readonly string[]>();
  for (const [name, values = []] of Object.entries(headers)) {
    if (name.startsWith(extraPrefix)) extra.set(unescaped(name.slice(extraPrefix.length)), values);
  }
  return extra;
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // Not an escape sequence: it stands for itself.
    return key;
  }
}

function accountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return namespace && name ? { namespace, name } : undefined;
}

/** With the groups that everybody of the kind is in, unless the request names those itself. */
function groupsOf(user: string, asked: readonly string[], namespace: string | undefined): readonly string[] {
  const groups =
    namespace && asked.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : asked;
  if (user === 'system:anonymous') return groups.includes(unauthenticated) ? groups : [...groups, unauthenticated];
  return groups.includes(authenticated) || groups.includes(unauthenticated) ? groups : [...groups, authenticated];
}
