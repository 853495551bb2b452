/**
 * What a Client promises its callers, whichever transport it uses: run in this process and over HTTP, and against a
 * real API server when there is one. Works in a namespace that `makeClient` provides empty.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConfigMap,
  configMaps,
  type KubernetesObject,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  storageClasses,
  type WatchEvent,
  type WatchOptions,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';

export interface ContractClient extends AsyncDisposable {
  readonly client: Client;
  /** Exists and is empty. */
  readonly namespace: string;
  /** Writes that push everything before them out of the server's history; absent when that cannot be arranged. */
  readonly historyWrites?: number;
}

export function describeClientContract(name: string, makeClient: () => Promise<ContractClient>): void {
  describe(`${name}: the Client contract`, () => {
    let context: ContractClient;
    let client: Client;
    let namespace: string;
    let stop: AbortController;

    beforeEach(async () => {
      context = await makeClient();
      ({ client, namespace } = context);
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort();
      await context[Symbol.asyncDispose]();
    });

    const at = (object: string) => ({ namespace, name: object });
    const draft = (object: string, data: Record<string, string> = {}, metadata: object = {}) => ({
      metadata: { name: object, namespace, ...metadata },
      data,
    });
    const create = (object: string, data?: Record<string, string>, metadata?: object): Promise<ConfigMap> =>
      client.create(configMaps, draft(object, data, metadata));
    const get = (object: string) => client.get(configMaps, at(object));
    const namesIn = async (options: object) =>
      (await client.list(configMaps, { namespace, ...options })).items.map((item) => item.metadata.name);
    const errorOf = (call: Promise<unknown>) =>
      call.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    const claim = (object: string) => ({
      metadata: { name: object, namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'none' },
    });

    /** A watch that is read event by event; ends with the test. */
    async function watch(options: WatchOptions = {}) {
      const stream = await client.watch<ConfigMap>(configMaps, { namespace, ...options, signal: stop.signal });
      const iterator = stream[Symbol.asyncIterator]();
      const next = async (): Promise<WatchEvent<ConfigMap>> => {
        const { value } = await iterator.next();
        return value as WatchEvent<ConfigMap>;
      };
      const take = async (count: number) => {
        const seen: string[] = [];
        for (let i = 0; i < count; i++) {
          const { type, object } = await next();
          seen.push(`${type} ${object.metadata.name}${object.data?.v ? ` ${object.data.v}` : ''}`);
        }
        return seen;
      };
      return { iterator, next, take, stream };
    }

    const revisionNow = async () => (await client.list(configMaps, { namespace })).resourceVersion;

    describe('one object', () => {
      it('[A2] is created with what the server fills in, and read back the same', async () => {
        const created = await create('one', { v: '1' });
        expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { v: '1' } });
        expect(created.metadata).toMatchObject({ name: 'one', namespace });
        expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
        expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(Number(created.metadata.resourceVersion)).toBeGreaterThan(0);
        expect(await get('one')).toEqual(created);
      });

      it('[rel-A15] is frozen', async () => {
        await create('one', { v: '1' });
        const read = await get('one');
        const [listed] = (await client.list(configMaps, { namespace, fieldSelector: 'metadata.name=one' })).items;
        for (const object of [read, listed]) {
          expect(Object.isFrozen(object)).toBe(true);
          expect(Object.isFrozen(object?.metadata)).toBe(true);
          expect(Object.isFrozen(object?.data)).toBe(true);
        }
      });

      it('is refused twice under one name', async () => {
        await create('one');
        expect(await errorOf(create('one'))).toMatchObject({
          name: 'ApiStatusError',
          code: 409,
          reason: 'AlreadyExists',
          message: 'configmaps "one" already exists',
        });
      });

      it('that does not exist is not found', async () => {
        const missing = { code: 404, reason: 'NotFound', message: 'configmaps "none" not found' };
        expect(await errorOf(get('none'))).toMatchObject(missing);
        expect(await errorOf(client.delete(configMaps, at('none')))).toMatchObject(missing);
        expect(await errorOf(client.patch(configMaps, at('none'), { type: 'merge', body: {} }))).toMatchObject(missing);
        expect(await errorOf(client.get(storageClasses, { name: 'none' }))).toMatchObject({
          message: 'storageclasses.storage.k8s.io "none" not found',
        });
      });

      it('[rel-A5] is replaced only on top of the resourceVersion that was read', async () => {
        const first = await create('one', { v: '1' });
        const second = await client.update(configMaps, { ...first, data: { v: '2' } });
        expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
        expect(await errorOf(client.update(configMaps, { ...first, data: { v: '3' } }))).toMatchObject({
          code: 409,
          reason: 'Conflict',
          message:
            'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
        });
        expect((await get('one')).data).toEqual({ v: '2' });
      });

      it('keeps its resourceVersion when an update changes nothing', async () => {
        const created = await create('one', { v: '1' });
        const updated = await client.update(configMaps, created);
        expect(updated.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
      });

      it('[rel-A13] gets a new uid when it is created again', async () => {
        const first = await create('one');
        await client.delete(configMaps, at('one'));
        const second = await create('one');
        expect(second.metadata.uid).not.toBe(first.metadata.uid);
        expect(await errorOf(client.update(configMaps, first))).toMatchObject({ code: 409 });
        const body = { metadata: { uid: first.metadata.uid }, data: { v: 'late' } };
        expect(await errorOf(client.patch(configMaps, at('one'), { type: 'merge', body }))).toMatchObject({
          code: 409,
        });
        expect(await get('one')).toEqual(second);
      });

      it('[rel-A5] [rel-A13] is deleted only when the preconditions hold', async () => {
        const { metadata } = await create('one');
        const remove = (preconditions: object) => client.delete(configMaps, at('one'), { preconditions });
        expect(await errorOf(remove({ uid: 'another' }))).toMatchObject({ code: 409, reason: 'Conflict' });
        expect(await errorOf(remove({ resourceVersion: '1' }))).toMatchObject({ code: 409, reason: 'Conflict' });
        await remove({ uid: metadata.uid, resourceVersion: metadata.resourceVersion });
        expect(await errorOf(get('one'))).toMatchObject({ code: 404 });
      });

      it('[rel-A12] with finalizers stays, terminating, until the last of them is gone', async () => {
        const created = await create('one', {}, { finalizers: ['example.com/hold'] });
        await client.delete(configMaps, at('one'));
        const terminating = await get('one');
        expect(terminating.metadata.deletionTimestamp).toBeDefined();
        expect(terminating.metadata.uid).toBe(created.metadata.uid);
        await client.delete(configMaps, at('one'));
        expect((await get('one')).metadata.deletionTimestamp).toBe(terminating.metadata.deletionTimestamp);
        await client.patch(configMaps, at('one'), { type: 'merge', body: { metadata: { finalizers: null } } });
        expect(await errorOf(get('one'))).toMatchObject({ code: 404 });
      });

      it('[rel-A12] takes no new finalizer once its deletion has begun', async () => {
        await create('one', {}, { finalizers: ['example.com/hold'] });
        await client.delete(configMaps, at('one'));
        const hold = (...finalizers: string[]) =>
          client.patch(configMaps, at('one'), { type: 'merge', body: { metadata: { finalizers } } });
        const refused = await errorOf(hold('example.com/hold', 'example.com/late'));
        expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
        expect((refused as Error).message).toContain('metadata.finalizers');
        expect((await get('one')).metadata.finalizers).toEqual(['example.com/hold']);
        await hold();
        expect(await errorOf(get('one'))).toMatchObject({ code: 404 });
      });

      it('gets a name from its generateName', async () => {
        const metadata = { namespace, generateName: 'part-' };
        const made = await Promise.all([1, 2, 3].map(() => client.create<ConfigMap>(configMaps, { metadata })));
        const names = made.map((object) => object.metadata.name);
        expect(new Set(names).size).toBe(3);
        for (const given of names) expect(given).toMatch(/^part-[a-z0-9]{5}$/);
      });

      it('is not stored by a dry run', async () => {
        const dry = await client.create(configMaps, draft('one'), { dryRun: true });
        expect(dry.metadata.uid).toBeDefined();
        expect(await errorOf(get('one'))).toMatchObject({ code: 404 });
        const stored = await create('one', { v: '1' });
        await client.update(configMaps, { ...stored, data: { v: '2' } }, { dryRun: true });
        await client.patch(configMaps, at('one'), { type: 'merge', body: { data: { v: '3' } } }, { dryRun: true });
        await client.delete(configMaps, at('one'), { dryRun: ['All'] });
        expect(await get('one')).toEqual(stored);
      });
    });

    describe('the status', () => {
      it('[rel-A14] is written apart from the rest', async () => {
        const created = await client.create<PersistentVolumeClaim>(persistentVolumeClaims, claim('one'));
        const labels = { changed: 'by-update' };
        const bound = { ...created, metadata: { ...created.metadata, labels }, status: { phase: 'Bound' } };
        const updated = await client.update(persistentVolumeClaims, bound);
        expect(updated.status?.phase).not.toBe('Bound');
        expect(updated.metadata.labels).toEqual(labels);

        const spec = { ...updated.spec, storageClassName: 'other' };
        const withStatus = { ...updated, spec, status: { phase: 'Bound' } };
        const bySubresource = await client.updateStatus(persistentVolumeClaims, withStatus);
        expect(bySubresource.status?.phase).toBe('Bound');
        expect(bySubresource.spec?.storageClassName).toBe('none');
      });

      it('is patched through its subresource', async () => {
        await client.create<PersistentVolumeClaim>(persistentVolumeClaims, claim('one'));
        const body = { status: { phase: 'Bound' }, spec: { storageClassName: 'other' } };
        const patch = { type: 'merge' as const, body };
        const patched = await client.patch(persistentVolumeClaims, at('one'), patch, { subresource: 'status' });
        expect(patched.status?.phase).toBe('Bound');
        expect(patched.spec?.storageClassName).toBe('none');
      });
    });

    describe('[A4] a patch', () => {
      const patch = (type: 'json' | 'merge' | 'strategic', body: unknown) =>
        client.patch(configMaps, at('one'), { type, body });

      it('merges', async () => {
        await create('one', { a: '1', b: '2' });
        expect((await patch('merge', { data: { a: null, c: '3' } })).data).toEqual({ b: '2', c: '3' });
      });

      it('merges strategically: lists by their keys', async () => {
        await create('one', {}, { finalizers: ['example.com/a'] });
        const patched = await patch('strategic', { metadata: { finalizers: ['example.com/b'] } });
        expect([...(patched.metadata.finalizers ?? [])].sort()).toEqual(['example.com/a', 'example.com/b']);
        const removed = await patch('strategic', {
          metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a', 'example.com/b'] },
        });
        expect(removed.metadata.finalizers ?? []).toEqual([]);
      });

      it('applies JSON operations, all or none', async () => {
        await create('one', { a: '1' });
        const patched = await patch('json', [
          { op: 'test', path: '/data/a', value: '1' },
          { op: 'replace', path: '/data/a', value: '2' },
          { op: 'add', path: '/data/b', value: '3' },
        ]);
        expect(patched.data).toEqual({ a: '2', b: '3' });
        const refused = patch('json', [
          { op: 'replace', path: '/data/a', value: '9' },
          { op: 'test', path: '/data/b', value: 'no' },
        ]);
        expect(await errorOf(refused)).toMatchObject({ code: 422 });
        expect((await get('one')).data).toEqual({ a: '2', b: '3' });
      });

      it('with a resourceVersion is refused when the object has changed', async () => {
        const { metadata } = await create('one', { a: '1' });
        await patch('merge', { data: { a: '2' } });
        const body = { metadata: { resourceVersion: metadata.resourceVersion }, data: { a: '3' } };
        expect(await errorOf(patch('merge', body))).toMatchObject({ code: 409, reason: 'Conflict' });
      });

      it('of many writers at once loses none of their changes', async () => {
        await create('one');
        await Promise.all(Array.from({ length: 16 }, (_, i) => patch('merge', { data: { [`k${i}`]: 'x' } })));
        expect(Object.keys((await get('one')).data ?? {}).length).toBe(16);
      });
    });

    describe('a list', () => {
      beforeEach(async () => {
        await create('a', {}, { labels: { app: 'web', tier: 'front' } });
        await create('b', {}, { labels: { app: 'web' } });
        await create('c', {}, { labels: { app: 'db' } });
        await create('d');
      });

      it('is in the order of names and tells its resourceVersion', async () => {
        const list = await client.list(configMaps, { namespace });
        expect(list.items.map((item) => item.metadata.name)).toEqual(['a', 'b', 'c', 'd']);
        expect(list.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
        expect(Number(list.resourceVersion)).toBeGreaterThanOrEqual(Number(list.items[3]?.metadata.resourceVersion));
      });

      it.each([
        ['app=web', ['a', 'b']],
        ['app==db', ['c']],
        ['app!=web', ['c', 'd']],
        ['app in (web,db),tier', ['a']],
        ['app notin (web)', ['c', 'd']],
        ['!app', ['d']],
      ])('selects by labels: %s', async (labelSelector, expected) => {
        expect(await namesIn({ labelSelector })).toEqual(expected);
      });

      it('selects by fields', async () => {
        expect(await namesIn({ fieldSelector: 'metadata.name=b' })).toEqual(['b']);
        expect(await namesIn({ fieldSelector: 'metadata.name!=b' })).toEqual(['a', 'c', 'd']);
        const everywhere = await client.list(configMaps, { fieldSelector: `metadata.namespace=${namespace}` });
        expect(everywhere.items.length).toBe(4);
        expect(await errorOf(namesIn({ fieldSelector: 'data.x=1' }))).toMatchObject({ code: 400 });
      });

      it('[rel-A10] in pages is one snapshot, whatever is written between them', async () => {
        const first = await client.list(configMaps, { namespace, limit: 2 });
        expect(first.items.map((item) => item.metadata.name)).toEqual(['a', 'b']);
        expect(first.remainingItemCount).toBe(2);
        await client.delete(configMaps, at('c'));
        await create('bb');
        const second = await client.list(configMaps, { namespace, limit: 2, continue: first.continue ?? '' });
        expect(second.items.map((item) => item.metadata.name)).toEqual(['c', 'd']);
        expect(second.continue).toBeUndefined();
        expect(second.resourceVersion).toBe(first.resourceVersion);
      });

      it('[rel-A10] refuses a continue token that was tampered with', async () => {
        const first = await client.list(configMaps, { namespace, limit: 2 });
        const forged = `x${first.continue}`;
        expect(await errorOf(client.list(configMaps, { namespace, limit: 2, continue: forged }))).toMatchObject({
          code: 400,
        });
      });

      it('is deleted as a collection by its selector', async () => {
        await client.deleteCollection(configMaps, { namespace, labelSelector: 'app=web' });
        expect(await namesIn({})).toEqual(['c', 'd']);
      });
    });

    describe('a watch', () => {
      it('[rel-A6] tells every change after a resourceVersion, in order', async () => {
        await create('before');
        const resourceVersion = await revisionNow();
        await create('one', { v: '1' });
        const { take } = await watch({ resourceVersion });
        await client.patch(configMaps, at('one'), { type: 'merge', body: { data: { v: '2' } } });
        await create('two');
        await client.delete(configMaps, at('one'));
        expect(await take(4)).toEqual(['ADDED one 1', 'MODIFIED one 2', 'ADDED two', 'DELETED one 2']);
      });

      it('[rel-A11] gives a deletion a resourceVersion after all others of the object', async () => {
        const created = await create('one');
        const { next } = await watch({ resourceVersion: created.metadata.resourceVersion });
        await client.delete(configMaps, at('one'));
        const { type, object } = await next();
        expect(type).toBe('DELETED');
        expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
      });

      it('[rel-A6] tells who comes into and leaves a selector', async () => {
        const resourceVersion = await revisionNow();
        const { take } = await watch({ resourceVersion, labelSelector: 'app=web' });
        const label = (app: string) =>
          client.patch(configMaps, at('one'), { type: 'merge', body: { metadata: { labels: { app } } } });
        await create('one');
        await create('other', {}, { labels: { app: 'db' } });
        await label('web');
        await label('db');
        await label('web');
        expect(await take(3)).toEqual(['ADDED one', 'DELETED one', 'ADDED one']);
      });

      it('resumes where another ended, without a gap or a repetition', async () => {
        const { next, stream } = await watch({ resourceVersion: await revisionNow() });
        await create('one');
        const { object } = await next();
        await stream[Symbol.asyncDispose]();
        await create('two');
        await create('three');
        const { take } = await watch({ resourceVersion: object.metadata.resourceVersion });
        expect(await take(2)).toEqual(['ADDED two', 'ADDED three']);
      });

      it('[A2] starts with the present state on demand, ended by a bookmark', async () => {
        await create('one');
        await create('two');
        const options = {
          sendInitialEvents: true,
          resourceVersionMatch: 'NotOlderThan',
          allowWatchBookmarks: true,
        } as const;
        const { take, next } = await watch(options);
        expect((await take(2)).sort()).toEqual(['ADDED one', 'ADDED two']);
        const end = await next();
        expect(end.type).toBe('BOOKMARK');
        expect(end.object.metadata.annotations?.['k8s.io/initial-events-end']).toBe('true');
        const resourceVersion = end.object.metadata.resourceVersion;
        expect(Number(resourceVersion)).toBeGreaterThanOrEqual(Number((await get('two')).metadata.resourceVersion));
        await create('three');
        expect(await take(1)).toEqual(['ADDED three']);
      });

      it('[A2] refuses sendInitialEvents without resourceVersionMatch', async () => {
        expect(await errorOf(watch({ sendInitialEvents: true }))).toMatchObject({ code: 422, reason: 'Invalid' });
      });

      it('sees only its namespace', async () => {
        const { take } = await watch({ resourceVersion: await revisionNow() });
        await client.create(configMaps, { metadata: { name: 'elsewhere', namespace: 'default' } });
        await create('here');
        expect(await take(1)).toEqual(['ADDED here']);
        await client.delete(configMaps, { namespace: 'default', name: 'elsewhere' });
      });

      it('ends with its signal', async () => {
        const { iterator } = await watch({ resourceVersion: await revisionNow() });
        const last = iterator.next();
        stop.abort();
        expect((await last).done).toBe(true);
      });

      it('ends by itself after its timeoutSeconds', async () => {
        const { iterator } = await watch({ resourceVersion: await revisionNow(), timeoutSeconds: 1 });
        expect((await iterator.next()).done).toBe(true);
      });

      it('[rel-A8] from a resourceVersion that was compacted is refused with 410', async ({ skip }) => {
        const { historyWrites } = context;
        if (historyWrites === undefined) return skip('the history of this server cannot be shortened');
        const { metadata } = await create('one');
        for (let i = 0; i <= historyWrites; i++) {
          await client.patch(configMaps, at('one'), { type: 'merge', body: { data: { v: String(i) } } });
        }
        const refused = await errorOf(
          (async () => {
            const { next } = await watch({ resourceVersion: metadata.resourceVersion });
            const { type, object } = await next();
            // A server may refuse in the stream as well.
            throw type === 'ERROR' ? object : new TypeError(`got ${type}`);
          })(),
        );
        expect(refused).toMatchObject({ code: 410, reason: 'Expired' });
      });
    });

    describe('a call', () => {
      it('whose signal is aborted rejects', async () => {
        stop.abort();
        const { signal } = stop;
        expect(await errorOf(client.list(configMaps, { namespace, signal }))).toMatchObject({ name: 'AbortError' });
        expect(await errorOf(create('one'))).toBeUndefined();
        expect(await errorOf(client.get(configMaps, at('one'), { signal }))).toMatchObject({ name: 'AbortError' });
      });

      it('with a bad object names the field', async () => {
        const thrown = await errorOf(create('Not_A_Name'));
        expect(thrown).toMatchObject({ code: 422, reason: 'Invalid' });
        expect((thrown as Error).message).toContain('metadata.name');
      });
    });

    it('serves cluster-scoped objects', async () => {
      const metadata = { name: `contract-${namespace}` };
      const created: KubernetesObject = await client.create(storageClasses, { metadata, provisioner: 'example.com/x' });
      expect(created.metadata.namespace).toBeUndefined();
      expect((await client.get(storageClasses, metadata)).metadata.uid).toBe(created.metadata.uid);
      await client.delete(storageClasses, metadata);
    });
  });
}
