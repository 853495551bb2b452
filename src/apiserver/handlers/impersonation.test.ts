import { describe, expect, it } from 'vitest';
import { ApiStatusError } from '../../api/index.ts';
import type { AccessAttributes, Authorizer } from '../auth/authorizer.ts';
import { impersonated } from './impersonation.ts';

const sender = { user: 'proxy', groups: [] };

/** Who the headers make of the sender, and what that asked for. */
async function actAs(headers: Record<string, string[]>, allowed: (asked: AccessAttributes) => boolean = () => true) {
  const asked: string[] = [];
  const authorizer = {
    authorize: async (_identity: unknown, attributes: AccessAttributes) => {
      const { group, resource, subresource, namespace, name } = attributes;
      asked.push([group, resource, subresource, namespace, name].filter(Boolean).join(' '));
      return { allowed: allowed(attributes), reason: '' };
    },
  } as unknown as Authorizer;
  const identity = await impersonated(authorizer, sender, { headersDistinct: headers }).catch(
    (error: unknown) => error,
  );
  return { identity, asked };
}

describe('acting as somebody else', () => {
  it.each([
    [{ 'impersonate-user': ['jane'] }, { user: 'jane', groups: ['system:authenticated'] }, ['users jane']],
    [
      { 'impersonate-user': ['jane'], 'impersonate-group': ['a', 'system:authenticated'], 'impersonate-uid': ['u'] },
      { user: 'jane', uid: 'u', groups: ['a', 'system:authenticated'] },
      ['users jane', 'groups a', 'groups system:authenticated', 'authentication.k8s.io uids u'],
    ],
    [
      { 'impersonate-user': ['system:serviceaccount:ns:robot'] },
      {
        user: 'system:serviceaccount:ns:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      },
      ['serviceaccounts ns robot'],
    ],
    [
      { 'impersonate-user': ['system:anonymous'] },
      { user: 'system:anonymous', groups: ['system:unauthenticated'] },
      ['users system:anonymous'],
    ],
    [
      { 'impersonate-user': ['jane'], 'impersonate-extra-example.com%2fteam': ['x', 'y'] },
      { user: 'jane', groups: ['system:authenticated'], extra: { 'example.com/team': ['x', 'y'] } },
      [
        'users jane',
        'authentication.k8s.io userextras example.com/team x',
        'authentication.k8s.io userextras example.com/team y',
      ],
    ],
  ])('%j makes it', async (headers, identity, asked) => {
    expect(await actAs(headers as unknown as Record<string, string[]>)).toEqual({ identity, asked });
  });

  it('[rel-S-API1] is refused as soon as one part of it is', async () => {
    const headers = { 'impersonate-user': ['jane'], 'impersonate-extra-team': ['x'] };
    const { identity } = await actAs(headers, ({ resource }) => resource !== 'userextras');
    expect(identity).toBeInstanceOf(ApiStatusError);
    expect((identity as ApiStatusError).code).toBe(403);
  });

  it('needs a user', async () => {
    const { identity } = await actAs({ 'impersonate-extra-team': ['x'] });
    expect((identity as ApiStatusError).code).toBe(400);
  });
});
