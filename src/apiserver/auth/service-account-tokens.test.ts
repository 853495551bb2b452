import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pods, serviceAccounts } from '../../api/index.ts';
import { seededRandom } from '../../base/index.ts';
import { ObjectReader } from '../registry/object-reader.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { pod } from '../test-objects.ts';
import { createTokenKey } from './pki.ts';
import { ServiceAccountTokens, tokenIssuer } from './service-account-tokens.ts';

let harness: Harness;
let tokens: ServiceAccountTokens;
const key = { namespace: 'default', name: 'robot' };

beforeEach(async () => {
  harness = await Harness.start();
  tokens = makeTokens();
  await harness.create(serviceAccounts, { metadata: key });
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

function makeTokens(): ServiceAccountTokens {
  const { clock, store } = harness;
  return new ServiceAccountTokens({
    key: createTokenKey(),
    clock,
    random: seededRandom(1),
    reader: new ObjectReader(store),
  });
}

async function issue(more: object = {}) {
  const { uid } = (await harness.get(serviceAccounts, key)).metadata;
  const request = { subject: { ...key, uid }, audiences: [tokenIssuer], expirationSeconds: 600, ...more };
  return tokens.issue(request).token;
}

describe('tokens of service accounts', () => {
  it('say who their bearer is, until they expire', async () => {
    const token = await issue();
    expect(await tokens.authenticate(token)).toMatchObject({
      user: 'system:serviceaccount:default:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    await harness.clock.advance(600_000);
    expect(await tokens.authenticate(token)).toBeUndefined();
  });

  it('[rel-S-API1] are refused when they are altered, unsigned, for others, or from somebody else', async () => {
    const token = await issue();
    const [head = '', body = '', signature = ''] = token.split('.');
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const forged = encoded({ ...claims, sub: 'system:serviceaccount:kube-system:admin', exp: 2 ** 40 });
    expect(await tokens.authenticate(`${head}.${forged}.${signature}`)).toBeUndefined();
    expect(await tokens.authenticate(`${encoded({ alg: 'none' })}.${body}.`)).toBeUndefined();
    expect(await tokens.authenticate(`${encoded({ alg: 'none' })}.${body}.x`)).toBeUndefined();
    expect(await tokens.authenticate(`${encoded({ alg: 'HS256' })}.${body}.${signature}`)).toBeUndefined();
    expect(await tokens.authenticate('garbage')).toBeUndefined();
    expect(await makeTokens().authenticate(token)).toBeUndefined();
    expect(await tokens.authenticate(await issue({ audiences: ['vault'] }))).toBeUndefined();
    expect(await tokens.authenticate(await issue({ audiences: ['vault'] }), ['vault'])).toBeDefined();
  });

  it('[rel-A13] die with their account, even when one of the same name follows', async () => {
    const token = await issue();
    await harness.delete(serviceAccounts, key);
    expect(await tokens.authenticate(token)).toBeUndefined();
    await harness.create(serviceAccounts, { metadata: key });
    expect(await tokens.authenticate(token)).toBeUndefined();
  });

  it('die with the pod they are bound to', async () => {
    const { uid } = (await harness.create(pods, pod('p'))).metadata;
    const token = await issue({ bound: { kind: 'Pod', name: 'p', uid } });
    expect((await tokens.authenticate(token))?.extra).toEqual({
      'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)],
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': [uid],
    });
    await harness.delete(pods, { namespace: 'default', name: 'p' });
    expect(await tokens.authenticate(token)).toBeUndefined();
  });
});

describe('serviceaccounts/token', () => {
  const request = (spec: object) =>
    harness.createSubresource<{ status: { token: string; expirationTimestamp: string } }>(
      serviceAccounts,
      key,
      'token',
      { spec },
    );

  it('issues a token for an hour unless told otherwise', async () => {
    const { status } = await request({});
    expect(status.expirationTimestamp).toBe('2026-01-01T01:00:00Z');
    expect(status.token.split('.')).toHaveLength(3);
  });

  it('refuses short lives and objects that are not there', async () => {
    expect((await refusalOf(request({ expirationSeconds: 60 }))).message).toContain(
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    );
    const missing = await refusalOf(request({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } }));
    expect(missing.reason).toBe('NotFound');
    await harness.create(pods, pod('p'));
    const other = { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'other' };
    expect((await refusalOf(request({ boundObjectRef: other }))).reason).toBe('Conflict');
  });
});
