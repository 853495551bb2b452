/** Upstream: controller/serviceaccount/tokens_controller_test.go. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Secret, secrets, serviceAccounts } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startServiceAccountTokenController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, type Kill, mortalClient, startOn } from './support/controllers.ts';

const component = 'tokens-controller';
const key = { namespace: 'default', name: 'robot-token' };
const robot = { namespace: 'default', name: 'robot' };

describe('the token controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client, rootCa = 'PEM') =>
    startOn(plane, component, (options) => startServiceAccountTokenController({ ...options, rootCa }), client);
  const addAccount = () => plane.client.create(serviceAccounts, { metadata: robot });
  const addSecret = async (more: Partial<Pick<Secret, 'type' | 'data'>> = {}, uid?: string) => {
    const annotations = {
      'kubernetes.io/service-account.name': 'robot',
      ...(uid ? { 'kubernetes.io/service-account.uid': uid } : {}),
    };
    const type = 'kubernetes.io/service-account-token';
    await plane.client.create(secrets, { metadata: { ...key, annotations }, type, ...more });
    await plane.clock.settle();
  };
  const read = () => plane.get(secrets, key);
  const text = async (name: string) => Buffer.from((await read())?.data?.[name] ?? '', 'base64').toString();
  const claims = async () =>
    JSON.parse(Buffer.from((await text('token')).split('.')[1] ?? '', 'base64url').toString()) as {
      sub: string;
      'kubernetes.io': object;
    };

  it('[U1] fills a Secret with the token of its account, the namespace and the certificate', async () => {
    await start();
    const account = await addAccount();
    await addSecret();
    const secret = await read();
    expect(await text('namespace')).toBe('default');
    expect(await text('ca.crt')).toBe('PEM');
    expect(secret?.metadata.annotations?.['kubernetes.io/service-account.uid']).toBe(account.metadata.uid);
    const { sub, 'kubernetes.io': bound } = await claims();
    expect(sub).toBe('system:serviceaccount:default:robot');
    expect(bound).toMatchObject({ secret: { name: key.name, uid: secret?.metadata.uid } });
  });

  it('[U1] fills a Secret that came before the controller', async () => {
    await addAccount();
    await addSecret();
    await start();
    expect(await text('token')).not.toBe('');
  });

  it('[U1] keeps the token that is there, and puts the certificate right', async () => {
    await start();
    const account = await addAccount();
    const data = { token: Buffer.from('mine').toString('base64'), 'ca.crt': Buffer.from('old').toString('base64') };
    await addSecret({ data }, account.metadata.uid);
    expect([await text('token'), await text('ca.crt'), await text('namespace')]).toEqual(['mine', 'PEM', 'default']);
  });

  it('[U1] leaves the certificate alone while it knows none', async () => {
    await start(undefined, '');
    await addAccount();
    await addSecret();
    expect(Object.keys((await read())?.data ?? {}).sort()).toEqual(['namespace', 'token']);
  });

  it('[U1] gives back what was taken out', async () => {
    await start();
    await addAccount();
    await addSecret();
    await plane.client.patch(secrets, key, { type: 'merge', body: { data: { token: null, namespace: null } } });
    await plane.clock.settle();
    expect([(await text('token')) !== '', await text('namespace')]).toEqual([true, 'default']);
  });

  it('[U1] leaves other Secrets alone', async () => {
    await start();
    await addSecret({ type: 'Opaque' });
    expect((await read())?.data).toBeUndefined();
  });

  it('[U1] removes the Secret of an account that is not there', async () => {
    await start();
    await addSecret();
    expect(await read()).toBeUndefined();
  });

  it('[U1] removes the Secret of an earlier account of the name', async () => {
    await start();
    await addAccount();
    await addSecret({}, 'uid-earlier');
    expect(await read()).toBeUndefined();
  });

  it('[U1] removes the Secret with its account', async () => {
    await start();
    await addAccount();
    await addSecret();
    await plane.client.delete(serviceAccounts, robot);
    await plane.clock.settle();
    expect(await read()).toBeUndefined();
  });

  it('[U1] asks the server before it takes an account for gone', async () => {
    await start(blindClient(plane.clientOf(component), 'ServiceAccount'));
    await addAccount();
    await addSecret();
    expect(await text('token')).not.toBe('');
  });

  it('[rel-L12] writes nothing at rest', async () => {
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await start(mortal.client);
    await addAccount();
    await addSecret();
    await plane.clock.advance(60 * 60_000);
    expect(mortal.writes).toEqual(['update Secret']);
  });

  describe('[rel-L10] killed before and after every write', () => {
    it.each<Kill>([
      { afterWrites: 0, lastWriteLands: false },
      { afterWrites: 0, lastWriteLands: true },
      { afterWrites: 1, lastWriteLands: false },
      { afterWrites: 1, lastWriteLands: true },
    ])('%o: ends as if nothing had happened', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await addAccount();
      await addSecret();
      await plane.client.delete(serviceAccounts, robot);
      await plane.clock.settle();
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      expect(await read()).toBeUndefined();
    });
  });
});
