import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMaps, leases, persistentVolumeClaims, persistentVolumes, pods, services } from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { claim, configMap, pod, volume } from '../test-objects.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

describe('create', () => {
  it('fills in what the server owns and drops what the client sent for it', async () => {
    const created = await harness.create(configMaps, {
      ...configMap('a'),
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: 'mine',
        generation: 7,
        deletionTimestamp: '2020-01-01T00:00:00Z',
        creationTimestamp: '2020-01-01T00:00:00Z',
        managedFields: [{ manager: 'x' }],
      },
    });
    expect(created.metadata).toEqual({
      name: 'a',
      namespace: 'default',
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: String(harness.store.revision),
    });
    expect(created.metadata.uid).not.toBe('mine');
    expect(await harness.get(configMaps, { namespace: 'default', name: 'a' })).toBe(created);
    expect(Object.isFrozen(created.data)).toBe(true);
  });

  it('[A7] drops a status that the client sent and begins with the phase Pending', async () => {
    const status = { phase: 'Bound', capacity: { storage: '9Gi' } };
    const created = await harness.create(persistentVolumeClaims, { ...claim('c'), status });
    expect(created.status).toEqual({ phase: 'Pending' });
    const made = await harness.create(persistentVolumes, { ...volume('v'), status: { phase: 'Bound' } });
    expect(made.status).toEqual({ phase: 'Pending', lastPhaseTransitionTime: '2026-01-01T00:00:00Z' });
  });

  it('makes up a name from generateName and tries another when it is taken', async () => {
    const draft = { ...configMap(''), metadata: { namespace: 'default', generateName: 'made-' } };
    const names = await Promise.all(Array.from({ length: 50 }, () => harness.create(configMaps, draft)));
    expect(new Set(names.map((object) => object.metadata.name)).size).toBe(50);
    for (const object of names) expect(object.metadata.name).toMatch(/^made-[a-z0-9]{5}$/);
  });

  it('[rel-A13] gives a new uid to a name that is used again', async () => {
    const first = await harness.create(configMaps, configMap('a'));
    await harness.delete(configMaps, { namespace: 'default', name: 'a' });
    const second = await harness.create(configMaps, configMap('a'));
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
  });

  it('refuses a name that exists, and says so when it is being deleted', async () => {
    await harness.create(persistentVolumeClaims, claim('c'));
    const refused = await refusalOf(harness.create(persistentVolumeClaims, claim('c')));
    expect(refused.reason).toBe('AlreadyExists');
    expect(refused.message).toBe('persistentvolumeclaims "c" already exists');
    await harness.delete(persistentVolumeClaims, { namespace: 'default', name: 'c' });
    expect((await refusalOf(harness.create(persistentVolumeClaims, claim('c')))).message).toBe(
      'object is being deleted: persistentvolumeclaims "c" already exists',
    );
  });

  it('lets one of several creations of a name at once win', async () => {
    const outcomes = await Promise.allSettled(
      ['x', 'y', 'z'].map((v) => harness.create(configMaps, configMap('a', { v }))),
    );
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('writes nothing in a dry run, and refuses what would be refused', async () => {
    const before = harness.store.revision;
    const created = await harness.create(configMaps, configMap('a'), { dryRun: true });
    expect(created.metadata.uid).toBeDefined();
    expect(harness.store.revision).toBe(before);
    await harness.create(configMaps, configMap('a'));
    const refused = await refusalOf(harness.create(configMaps, configMap('a'), { dryRun: true }));
    expect(refused.reason).toBe('AlreadyExists');
  });

  it('warns of unknown fields, refuses them when asked to be strict, and says nothing when asked to ignore them', async () => {
    const object = { ...configMap('a'), dta: { x: 'y' } };
    const create = (fieldValidation: 'Strict' | 'Warn' | 'Ignore') =>
      harness.send({
        verb: 'create',
        resource: configMaps,
        namespace: 'default',
        object,
        options: { fieldValidation, dryRun: true },
      });
    expect((await create('Warn')).warnings).toEqual(['unknown field "dta"']);
    expect((await create('Ignore')).warnings).toEqual([]);
    expect((await refusalOf(create('Strict'))).message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
    );
  });

  it('refuses an object that says it is of another kind or of another namespace', async () => {
    const send = (object: object) =>
      refusalOf(harness.send({ verb: 'create', resource: configMaps, namespace: 'default', object, options: {} }));
    expect((await send({ ...configMap('a'), kind: 'Secret' })).code).toBe(400);
    expect((await send({ ...configMap('a'), apiVersion: 'v2' })).message).toBe(
      'the API version in the data (v2) does not match the expected API version (v1)',
    );
    expect((await send({ metadata: { name: 'a', namespace: 'other' } })).message).toBe(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  });

  it('counts generations from 1 for kinds that have them', async () => {
    expect((await harness.create(pods, pod('p'))).metadata.generation).toBe(1);
    expect((await harness.create(configMaps, configMap('a'))).metadata.generation).toBeUndefined();
  });

  it('gives a pod its quality of service', async () => {
    const limits = { cpu: '1', memory: '1Gi' };
    const of = async (name: string, resources: object) =>
      (await harness.create(pods, pod(name, { containers: [{ name: 'c', image: 'b', resources }] }))).status?.qosClass;
    expect(await of('a', {})).toBe('BestEffort');
    expect(await of('b', { requests: { cpu: '1' } })).toBe('Burstable');
    expect(await of('c', { limits })).toBe('Guaranteed');
    expect(await of('d', { limits, requests: { cpu: '500m', memory: '1Gi' } })).toBe('Burstable');
  });

  it('creates on PUT the kinds that allow it, and only those', async () => {
    const lease = { metadata: { name: 'l', namespace: 'default' }, spec: { holderIdentity: 'me' } };
    const put = (resource: typeof leases, object: object) =>
      harness.send({ verb: 'update', resource, namespace: 'default', name: 'l', object, options: {} });
    expect(await put(leases, lease)).toMatchObject({ created: true, object: { spec: { holderIdentity: 'me' } } });
    expect((await refusalOf(put(services as never, { ...lease, spec: {} }))).reason).toBe('NotFound');
  });

  it('[A8] makes dataSource and dataSourceRef say the same', async () => {
    const source = { kind: 'PersistentVolumeClaim', name: 'other' };
    const one = await harness.create(persistentVolumeClaims, claim('a', { dataSource: source }));
    expect(one.spec?.dataSourceRef).toEqual(source);
    const two = await harness.create(persistentVolumeClaims, claim('b', { dataSourceRef: source }));
    expect(two.spec?.dataSource).toEqual(source);
    const odd = { apiGroup: 'example.com', kind: 'Thing', name: 'x' };
    const three = await harness.create(persistentVolumeClaims, claim('c', { dataSource: odd }));
    expect(three.spec).not.toHaveProperty('dataSource');
    expect(three.spec).not.toHaveProperty('dataSourceRef');
  });

  it('[A8] [O12] drops a reference into another namespace, which is an alpha feature', async () => {
    const foreign = { kind: 'PersistentVolumeClaim', name: 'other', namespace: 'elsewhere' };
    const one = await harness.create(persistentVolumeClaims, claim('a', { dataSourceRef: foreign }));
    expect(one.spec).not.toHaveProperty('dataSource');
    expect(one.spec).not.toHaveProperty('dataSourceRef');
    const here = await harness.create(
      persistentVolumeClaims,
      claim('b', { dataSourceRef: { ...foreign, namespace: '' } }),
    );
    expect(here.spec?.dataSource).toEqual({ kind: 'PersistentVolumeClaim', name: 'other' });
  });
});
