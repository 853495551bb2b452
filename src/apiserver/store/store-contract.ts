/** What every Store promises, as tests: run for the memory store and for the SQLite store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../base/index.ts';
import type { HistoryLimits } from './history.ts';
import { type Store, StoreCompacted, StoreConflict, type StoreEvent } from './store.ts';
import { configMap, dataOf } from './store-contract-objects.ts';

export type OpenStore = (limits?: HistoryLimits) => Promise<Store>;

export function describeStoreContract(name: string, open: OpenStore): void {
  describe(`${name}: the Store contract`, () => {
    let store: Store;
    const key = (object: string) => `configmaps/a/${object}`;
    const create = (object: string, value = 'new') =>
      store.write({ key: key(object), expectedRevision: 0, object: configMap(object, value) });
    const update = (object: string, expectedRevision: number, value: string) =>
      store.write({ key: key(object), expectedRevision, object: configMap(object, value) });
    const remove = (object: string, expectedRevision: number) =>
      store.write({ key: key(object), expectedRevision, object: undefined });

    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
    });

    it('starts empty at a revision above zero', async () => {
      expect(store.revision).toBeGreaterThan(0);
      expect(await store.list('')).toEqual({ items: [], revision: store.revision });
    });

    it('[rel-A1] gives every write a greater revision, which is the resourceVersion', async () => {
      const first = await create('one');
      const second = await create('two');
      expect(second).toBeGreaterThan(first);
      const stored = await store.get(key('two'));
      expect(stored?.revision).toBe(second);
      expect(stored?.object.metadata.resourceVersion).toBe(String(second));
      expect(Object.isFrozen(stored?.object)).toBe(true);
      expect(Object.isFrozen(stored?.object.metadata)).toBe(true);
      expect(store.revision).toBe(second);
    });

    it('[rel-A5] writes only on top of the revision that was read', async () => {
      const first = await create('one');
      await expect(create('one')).rejects.toBeInstanceOf(StoreConflict);
      const second = await update('one', first, 'changed');
      await expect(update('one', first, 'late')).rejects.toBeInstanceOf(StoreConflict);
      await expect(remove('one', first)).rejects.toBeInstanceOf(StoreConflict);
      expect(dataOf((await store.get(key('one')))?.object)).toBe('changed');
      await remove('one', second);
      expect(await store.get(key('one'))).toBeUndefined();
      await expect(update('one', second, 'late')).rejects.toBeInstanceOf(StoreConflict);
      await create('one');
    });

    it('[rel-A5] lets one of many writers at once win, and tells the others when to read again', async () => {
      const revision = await create('one', '0');
      const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((value) => update('one', revision, value)));
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      const winner = update('one', store.revision, 'x');
      const loser = update('one', store.revision, 'y');
      const conflict = await loser.catch((thrown: unknown) => thrown as StoreConflict);
      expect(conflict).toBeInstanceOf(StoreConflict);
      await (conflict as StoreConflict).settled;
      expect(dataOf((await store.get(key('one')))?.object)).toBe('x');
      await winner;
    });

    it('shows a write to readers no later than its answer', async () => {
      await create('one');
      expect((await store.list('configmaps/')).items.map((item) => item.key)).toEqual([key('one')]);
    });

    it('lists the keys under a prefix in order, and nothing that only shares letters with it', async () => {
      for (const object of ['b', 'a', 'c']) await create(object);
      await store.write({ key: 'configmaps/ab/x', expectedRevision: 0, object: configMap('x', '') });
      await store.write({ key: 'configmapses/a/x', expectedRevision: 0, object: configMap('x', '') });
      const under = async (prefix: string) => (await store.list(prefix)).items.map((item) => item.key);
      expect(await under('configmaps/a/')).toEqual([key('a'), key('b'), key('c')]);
      expect(await under('configmaps/')).toEqual([key('a'), key('b'), key('c'), 'configmaps/ab/x']);
      expect((await under('')).length).toBe(5);
    });

    it('[rel-A10] lists the past: creations, changes and deletions are undone', async () => {
      const one = await create('one', '1');
      const two = await create('two', '1');
      const before = store.revision;
      await update('one', one, '2');
      await remove('two', two);
      await create('three');
      const past = await store.list('configmaps/a/', before);
      expect(past.revision).toBe(before);
      expect(past.items.map((item) => [item.key, item.revision, dataOf(item.object)])).toEqual([
        [key('one'), one, '1'],
        [key('two'), two, '1'],
      ]);
    });

    it('[rel-A6] tells a listener the history after a revision and then every commit, in order and once', async () => {
      const one = await create('one', '1');
      const seen: StoreEvent[] = [];
      await update('one', one, '2');
      using subscription = await store.subscribe('configmaps/a/', one, (events) => seen.push(...events));
      void subscription;
      await create('two');
      await store.write({ key: 'secrets/a/x', expectedRevision: 0, object: configMap('x', '') });
      await remove('two', (await store.get(key('two')))?.revision ?? 0);
      expect(seen.map((event) => [event.key, dataOf(event.previous), dataOf(event.current)])).toEqual([
        [key('one'), '1', '2'],
        [key('two'), undefined, 'new'],
        [key('two'), 'new', undefined],
      ]);
      expect(seen.map((event) => event.revision)).toEqual(
        [...seen.map((event) => event.revision)].sort((a, b) => a - b),
      );
    });

    it('[rel-A9] tells a listener from the future nothing older', async () => {
      const seen: StoreEvent[] = [];
      using subscription = await store.subscribe('', store.revision + 1, (events) => seen.push(...events));
      void subscription;
      await create('one');
      await create('two');
      expect(seen.map((event) => event.key)).toEqual([key('two')]);
    });

    it('stops telling a listener that was disposed of', async () => {
      const seen: StoreEvent[] = [];
      const subscription = await store.subscribe('', store.revision, (events) => seen.push(...events));
      subscription[Symbol.dispose]();
      await create('one');
      expect(seen).toEqual([]);
    });

    it('tells the others when a listener throws', async () => {
      const seen: StoreEvent[] = [];
      using broken = await store.subscribe('', store.revision, () => {
        throw new TypeError('broken listener');
      });
      using sound = await store.subscribe('', store.revision, (events) => seen.push(...events));
      void [broken, sound];
      await create('one');
      expect(seen.length).toBe(1);
    });

    it('[rel-A8] refuses history that was dropped', async () => {
      await store[Symbol.asyncDispose]();
      store = await open({ events: 3, bytes: 1e9, ageMs: 1e9 });
      const start = store.revision;
      for (let i = 0; i < 5; i++) await create(`c${i}`);
      await expect(store.list('', start)).rejects.toBeInstanceOf(StoreCompacted);
      await expect(store.subscribe('', start, () => {})).rejects.toBeInstanceOf(StoreCompacted);
      expect((await store.list('', store.revision - 3)).items.length).toBe(2);
    });

    it('writes a chain of changes to one key that were queued together', async () => {
      const first = store.write({ key: key('one'), expectedRevision: 0, object: configMap('one', '1') });
      const conflict = await create('one').catch((thrown: unknown) => thrown);
      expect(conflict).toBeInstanceOf(StoreConflict);
      const revision = await first;
      await update('one', revision, '2');
      expect(dataOf((await store.get(key('one')))?.object)).toBe('2');
    });

    it('[rel-A4] agrees with a model over a random run of concurrent writes', async () => {
      const random = seededRandom(7);
      const model = new Map<string, string>();
      const states = new Map<number, Map<string, string>>([[store.revision, new Map()]]);
      using subscription = await store.subscribe('', store.revision, (events) => {
        for (const event of events) {
          if (event.current) model.set(event.key, dataOf(event.current) ?? '');
          else model.delete(event.key);
          states.set(event.revision, new Map(model));
        }
      });
      void subscription;
      const act = async (i: number) => {
        const object = `c${Math.floor(random.next() * 10)}`;
        const stored = await store.get(key(object));
        const deletes = stored !== undefined && random.next() < 0.3;
        const revision = stored?.revision ?? 0;
        await (deletes ? remove(object, revision) : update(object, revision, String(i))).catch((thrown: unknown) => {
          expect(thrown).toBeInstanceOf(StoreConflict);
        });
      };
      for (let round = 0; round < 40; round++) {
        await Promise.all(Array.from({ length: 8 }, (_, i) => act(round * 8 + i)));
      }
      for (const [revision, expected] of states) {
        const listed = await store.list('configmaps/a/', revision);
        expect(new Map(listed.items.map((item) => [item.key, dataOf(item.object)]))).toEqual(expected);
      }
    });
  });
}
