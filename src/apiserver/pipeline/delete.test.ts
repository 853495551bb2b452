import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMaps,
  namespaces,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  pods,
  statefulSets,
} from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { claim, configMap, pod } from '../test-objects.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const key = (name: string) => ({ namespace: 'default', name });

async function bound(name: string) {
  await harness.create(pods, pod(name, { terminationGracePeriodSeconds: 30 }));
  await harness.createSubresource(pods, key(name), 'binding', { target: { kind: 'Node', name: 'n' } });
}

describe('delete', () => {
  it('removes an object that nothing holds', async () => {
    await harness.create(configMaps, configMap('a'));
    const answer = await harness.delete(configMaps, key('a'));
    expect(answer).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'a', kind: 'configmaps' } });
    const missing = await refusalOf(harness.get(configMaps, key('a')));
    expect(missing.message).toBe('configmaps "a" not found');
    expect((await refusalOf(harness.delete(configMaps, key('a')))).reason).toBe('NotFound');
  });

  it('[A5] [rel-A12] keeps an object with finalizers until the last one is taken', async () => {
    const created = await harness.create(persistentVolumeClaims, claim('c'));
    expect(created.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    const going = (await harness.delete(persistentVolumeClaims, key('c'))) as PersistentVolumeClaim;
    expect(going.metadata.deletionTimestamp).toBe('2026-01-01T00:00:00Z');
    expect(going.metadata.deletionGracePeriodSeconds).toBe(0);
    await harness.clock.advance(60_000);
    expect(await harness.delete(persistentVolumeClaims, key('c'))).toBe(
      await harness.get(persistentVolumeClaims, key('c')),
    );
    expect((await harness.get(persistentVolumeClaims, key('c'))).metadata.deletionTimestamp).toBe(
      '2026-01-01T00:00:00Z',
    );
    await harness.update(persistentVolumeClaims, { ...going, metadata: { ...going.metadata, finalizers: [] } });
    expect(await harness.exists(persistentVolumeClaims, key('c'))).toBe(false);
  });

  it('[A5] [rel-A12] refuses new finalizers once deletion has begun, and cannot be undone', async () => {
    await harness.create(persistentVolumeClaims, claim('c'));
    await harness.delete(persistentVolumeClaims, key('c'));
    const add = { metadata: { finalizers: ['kubernetes.io/pvc-protection', 'example.com/x'] } };
    const refused = await refusalOf(harness.patch(persistentVolumeClaims, key('c'), { type: 'merge', body: add }));
    expect(refused.reason).toBe('Invalid');
    expect(refused.message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/x"}',
    );
    const body = { metadata: { deletionTimestamp: null, labels: { a: 'b' } } };
    const patched = await harness.patch(persistentVolumeClaims, key('c'), { type: 'merge', body });
    expect(patched.metadata.deletionTimestamp).toBe('2026-01-01T00:00:00Z');
  });

  it('[rel-A11] tells the same resourceVersion in the answer and in the event', async () => {
    const created = await harness.create(persistentVolumeClaims, claim('c'));
    const watch = await harness.watch(persistentVolumeClaims, { resourceVersion: created.metadata.resourceVersion });
    await harness.patch(persistentVolumeClaims, key('c'), { type: 'merge', body: { metadata: { finalizers: null } } });
    const last = await harness.delete(persistentVolumeClaims, key('c'));
    await harness.clock.settle();
    const event = watch.events.at(-1);
    expect(event?.type).toBe('DELETED');
    expect(event?.object.metadata.resourceVersion).toBe(last.metadata.resourceVersion);
    expect(Number(last.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
  });

  it('gives a pod on a node its grace period, which can only become shorter', async () => {
    await bound('p');
    const going = await harness.delete(pods, key('p'));
    expect(going.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:30Z',
      deletionGracePeriodSeconds: 30,
      generation: 2,
    });
    const longer = await harness.delete(pods, key('p'), { gracePeriodSeconds: 60 });
    expect(longer.metadata.deletionGracePeriodSeconds).toBe(30);
    const shorter = await harness.delete(pods, key('p'), { gracePeriodSeconds: 5 });
    expect(shorter.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:05Z',
      deletionGracePeriodSeconds: 5,
    });
    await harness.delete(pods, key('p'), { gracePeriodSeconds: 0 });
    expect(await harness.exists(pods, key('p'))).toBe(false);
  });

  it('removes a pod without a node at once', async () => {
    await harness.create(pods, pod('p'));
    await harness.delete(pods, key('p'));
    expect(await harness.exists(pods, key('p'))).toBe(false);
  });

  it('[rel-A13] deletes only the object that the preconditions name', async () => {
    const created = await harness.create(configMaps, configMap('a'));
    const wrongUid = await refusalOf(harness.delete(configMaps, key('a'), { preconditions: { uid: 'other' } }));
    expect(wrongUid.reason).toBe('Conflict');
    expect(wrongUid.message).toContain('the UID in the precondition (other) does not match the UID in record');
    const wrongRevision = harness.delete(configMaps, key('a'), { preconditions: { resourceVersion: '1' } });
    expect((await refusalOf(wrongRevision)).reason).toBe('Conflict');
    const { uid, resourceVersion } = created.metadata;
    await harness.delete(configMaps, key('a'), { preconditions: { uid, resourceVersion } });
    expect(await harness.exists(configMaps, key('a'))).toBe(false);
  });

  it('leaves word for the garbage collector what becomes of the dependents', async () => {
    for (const [name, policy] of [
      ['a', 'Foreground'],
      ['b', 'Orphan'],
    ] as const) {
      await harness.create(statefulSets, {
        metadata: { name, namespace: 'default' },
        spec: {
          serviceName: name,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        } as never,
      });
      const going = await harness.delete(statefulSets, key(name), { propagationPolicy: policy });
      expect(going.metadata.finalizers).toEqual([policy === 'Foreground' ? 'foregroundDeletion' : 'orphan']);
      expect(going.metadata.deletionTimestamp).toBeDefined();
    }
    const odd = await refusalOf(harness.delete(statefulSets, key('a'), { propagationPolicy: 'Sideways' }));
    expect(odd.code).toBe(422);
  });

  it('changes nothing in a dry run', async () => {
    await harness.create(configMaps, configMap('a'));
    await harness.delete(configMaps, key('a'), { dryRun: ['All'] });
    expect(await harness.exists(configMaps, key('a'))).toBe(true);
  });

  it('deletes everything that a list selects', async () => {
    for (const [name, tier] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ] as const) {
      await harness.create(configMaps, { metadata: { name, namespace: 'default', labels: { tier } } });
    }
    const options = {};
    const list = { labelSelector: 'tier=x' };
    await harness.send({ verb: 'deletecollection', resource: configMaps, namespace: 'default', list, options });
    const left = await harness.list(configMaps, { namespace: 'default' });
    expect(left.items.map((object) => object.metadata.name)).toEqual(['c']);
  });
});

describe('namespaces', () => {
  it('[rel-S-API7] stay until they are empty, and take nothing new meanwhile', async () => {
    const created = await harness.create(namespaces, { metadata: { name: 'ns' }, spec: {} });
    expect(created.spec.finalizers).toEqual(['kubernetes']);
    await harness.create(configMaps, { metadata: { name: 'a', namespace: 'ns' } });
    const going = await harness.delete(namespaces, { name: 'ns' });
    expect(going).toMatchObject({ status: { phase: 'Terminating' } });
    const refused = await refusalOf(harness.create(configMaps, { metadata: { name: 'b', namespace: 'ns' } }));
    expect(refused.reason).toBe('Forbidden');
    expect(refused.message).toBe(
      'configmaps "b" is forbidden: unable to create new content in namespace ns because it is being terminated',
    );
    const finalize = async () => {
      const current = await harness.get(namespaces, { name: 'ns' });
      return await harness.update(namespaces, { ...current, spec: {} }, { subresource: 'finalize' });
    };
    expect((await refusalOf(finalize())).reason).toBe('Conflict');
    await harness.delete(configMaps, { namespace: 'ns', name: 'a' });
    await finalize();
    expect(await harness.exists(namespaces, { name: 'ns' })).toBe(false);
  });

  it('[rel-S-API7] leave nothing behind when something is created while they go', async () => {
    await harness.create(namespaces, { metadata: { name: 'ns' }, spec: {} });
    await harness.delete(namespaces, { name: 'ns' });
    // Admitted before deletion began: written past admission here.
    const late = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'late', namespace: 'ns', uid: 'u' },
    } as never;
    const writing = harness.store.write({ key: 'configmaps/ns/late', expectedRevision: 0, object: late });
    const current = await harness.get(namespaces, { name: 'ns' });
    const finalizing = harness.update(namespaces, { ...current, spec: {} }, { subresource: 'finalize' });
    expect((await refusalOf(finalizing)).reason).toBe('Conflict');
    await writing;
    expect(await harness.exists(namespaces, { name: 'ns' })).toBe(true);
  });

  it('keep the finalizers of their content out of reach of ordinary writes', async () => {
    const created = await harness.create(namespaces, { metadata: { name: 'ns' }, spec: {} });
    const updated = await harness.update(namespaces, {
      ...created,
      metadata: { ...created.metadata, labels: {} },
      spec: { finalizers: [] },
    });
    expect(updated.spec.finalizers).toEqual(['kubernetes']);
    expect(updated.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'ns' });
  });

  it('that the system needs cannot be deleted', async () => {
    expect((await refusalOf(harness.delete(namespaces, { name: 'default' }))).message).toBe(
      'namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });

  it('hold objects of namespaced kinds only', async () => {
    const missing = await refusalOf(harness.create(configMaps, { metadata: { name: 'a', namespace: 'nowhere' } }));
    expect(missing.message).toBe('namespaces "nowhere" not found');
    const node = await harness.create(nodes, { metadata: { name: 'n' } } as never);
    expect(node.metadata.namespace).toBeUndefined();
  });
});
