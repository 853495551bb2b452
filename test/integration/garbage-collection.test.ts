import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMaps,
  type Draft,
  namespaces,
  type OwnerReference,
  type Secret,
  secrets,
  serviceAccounts,
} from '../../src/api/index.ts';
import {
  startGarbageCollector,
  startRootCaPublisher,
  startServiceAccountController,
} from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, mortalClient, startOn } from './support/controllers.ts';

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
});
afterEach(async () => {
  await plane[Symbol.asyncDispose]();
});

describe('the garbage collector', () => {
  const start = () => startOn(plane, 'garbage-collector', startGarbageCollector);
  const create = async (name: string, ownerReferences: OwnerReference[] = [], finalizers: string[] = []) => {
    const draft: Draft<Secret> = { metadata: { namespace: 'default', name, ownerReferences, finalizers } };
    const created = await plane.client.create(secrets, draft);
    return { apiVersion: 'v1', kind: 'Secret', name, uid: created.metadata.uid };
  };
  const remove = async (name: string, propagationPolicy: string) => {
    await plane.client.delete(secrets, { namespace: 'default', name }, { propagationPolicy });
    await plane.clock.settle();
  };
  const names = async () => (await plane.client.list(secrets)).items.map(({ metadata }) => metadata.name).sort();
  const secret = (name: string) => plane.client.get(secrets, { namespace: 'default', name });

  it('[U1] deletes in the background what an owner leaves behind, down to the last generation', async () => {
    await start();
    const owner = await create('owner');
    const child = await create('child', [owner]);
    await create('grandchild', [child]);
    await create('stranger');
    await remove('owner', 'Background');
    expect(await names()).toEqual(['stranger']);
  });

  it('[U1] keeps an object while one of its owners lives, and drops the others', async () => {
    await start();
    const [first, second] = [await create('first'), await create('second')];
    await create('child', [first, second]);
    await remove('first', 'Background');
    expect((await secret('child')).metadata.ownerReferences?.map(({ name }) => name)).toEqual(['second']);
    await remove('second', 'Background');
    expect(await names()).toEqual([]);
  });

  it('[U1] keeps an owner in the foreground until the dependents that block it are gone', async () => {
    await start();
    const owner = await create('owner');
    await create('blocking', [{ ...owner, blockOwnerDeletion: true }], ['test/hold']);
    await remove('owner', 'Foreground');
    expect(await names()).toEqual(['blocking', 'owner']);
    expect((await secret('blocking')).metadata.deletionTimestamp).toBeDefined();
    const body = { metadata: { finalizers: null } };
    await plane.client.patch(secrets, { namespace: 'default', name: 'blocking' }, { type: 'merge', body });
    await plane.clock.settle();
    expect(await names()).toEqual([]);
  });

  it('[U1] orphans dependents when asked to', async () => {
    await start();
    const owner = await create('owner');
    await create('child', [owner]);
    await remove('owner', 'Orphan');
    expect(await names()).toEqual(['child']);
    expect((await secret('child')).metadata.ownerReferences ?? []).toEqual([]);
  });

  it('[rel-A13] deletes what an earlier object of the same name owned', async () => {
    await start();
    const earlier = await create('owner');
    await remove('owner', 'Background');
    await create('owner');
    await create('child', [earlier]);
    await plane.clock.settle();
    expect(await names()).toEqual(['owner']);
  });

  it('[rel-L6] takes over what it finds after a restart, and keeps the order of a foreground deletion', async () => {
    const owner = await create('owner');
    await create('blocking', [{ ...owner, blockOwnerDeletion: true }], ['test/hold']);
    await remove('owner', 'Foreground');
    await start();
    expect(await names()).toEqual(['blocking', 'owner']);
  });

  it('[rel-A15] deletes nothing because its cache has not heard of an owner', async () => {
    const { client, hold, release } = laggingClient(plane.clientOf('gc'), 'ConfigMap');
    await startOn(plane, 'garbage-collector', startGarbageCollector, client);
    hold();
    const { metadata } = await plane.client.create(configMaps, { metadata: { namespace: 'default', name: 'owner' } });
    await create('child', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid }]);
    await plane.clock.advance(60_000);
    expect(await names()).toEqual(['child']);
    release();
    await plane.clock.settle();
  });

  it('[U1] leaves alone what it cannot judge', async () => {
    await start();
    await create('foreign', [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'uid-w' }]);
    await plane.client.create(namespaces, {
      metadata: { name: 'owned', ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 's', uid: 'uid-s' }] },
      spec: {},
    });
    await plane.clock.advance(60_000);
    expect(await names()).toEqual(['foreign']);
    expect((await plane.client.get(namespaces, { name: 'owned' })).metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('what every namespace is given', () => {
  const start = async (rootCa = 'PEM', client = plane.clientOf('service-account')) => {
    const accounts = await startOn(plane, 'service-account', startServiceAccountController, client);
    await startOn(plane, 'root-ca', (options) => startRootCaPublisher({ ...options, rootCa }), client);
    return accounts;
  };
  const accountOf = (namespace: string) => plane.get(serviceAccounts, { namespace, name: 'default' });
  const rootCaOf = async (namespace: string) =>
    (await plane.get(configMaps, { namespace, name: 'kube-root-ca.crt' }))?.data?.['ca.crt'];

  it('[U1] gives every namespace its account and the root certificate, and gives them back', async () => {
    await start();
    await plane.client.create(namespaces, { metadata: { name: 'team' }, spec: {} });
    await plane.clock.settle();
    for (const namespace of ['default', 'team']) {
      expect(await accountOf(namespace)).toBeDefined();
      expect(await rootCaOf(namespace)).toBe('PEM');
    }
    await plane.client.delete(serviceAccounts, { namespace: 'team', name: 'default' });
    const key = { namespace: 'team', name: 'kube-root-ca.crt' };
    await plane.client.patch(configMaps, key, { type: 'merge', body: { data: { 'ca.crt': 'forged' } } });
    await plane.clock.settle();
    expect(await accountOf('team')).toBeDefined();
    expect(await rootCaOf('team')).toBe('PEM');
    await plane.client.delete(configMaps, key);
    await plane.clock.settle();
    expect(await rootCaOf('team')).toBe('PEM');
  });

  it('leaves what another has published alone while it knows no certificate', async () => {
    const metadata = { namespace: 'default', name: 'kube-root-ca.crt' };
    await plane.client.create(configMaps, { metadata, data: { 'ca.crt': 'theirs' } });
    await start('');
    expect(await accountOf('default')).toBeDefined();
    expect(await rootCaOf('default')).toBe('theirs');
  });

  it('[rel-L10] finishes what a killed predecessor began', async () => {
    const mortal = mortalClient(plane.clientOf('service-account'), { afterWrites: 1, lastWriteLands: false });
    const first = await start('PEM', mortal.client);
    expect(mortal.isDead).toBe(true);
    await first[Symbol.asyncDispose]();
    await start();
    expect(await accountOf('default')).toBeDefined();
    expect(await rootCaOf('default')).toBe('PEM');
  });
});
