import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMaps, coreEvents, eventsV1, pods } from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { configMap, pod } from '../test-objects.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start({ historyLimits: { events: 50, bytes: 1_000_000, ageMs: 60_000 } });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await harness.create(configMaps, configMap(name, { v: '1' }));
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const inDefault = { namespace: 'default' };
const namesOf = (list: { items: readonly { metadata: { name: string } }[] }) =>
  list.items.map((object) => object.metadata.name);

describe('list', () => {
  it('[rel-A10] shows one snapshot over all pages', async () => {
    const first = await harness.list(configMaps, { ...inDefault, limit: 2 });
    expect(namesOf(first)).toEqual(['a', 'b']);
    expect(first.remainingItemCount).toBe(3);
    await harness.delete(configMaps, { ...inDefault, name: 'c' });
    await harness.create(configMaps, configMap('aa'));
    const second = await harness.list(configMaps, { ...inDefault, limit: 2, continue: first.continue ?? '' });
    expect(namesOf(second)).toEqual(['c', 'd']);
    expect(second.resourceVersion).toBe(first.resourceVersion);
    const third = await harness.list(configMaps, { ...inDefault, limit: 2, continue: second.continue ?? '' });
    expect(namesOf(third)).toEqual(['e']);
    expect(third.continue).toBeUndefined();
  });

  it('[rel-A10] ends in Gone when the snapshot is forgotten between pages', async () => {
    const first = await harness.list(configMaps, { ...inDefault, limit: 2 });
    for (let i = 0; i < 60; i++) await harness.create(configMaps, configMap(`more-${i}`));
    const next = harness.list(configMaps, { ...inDefault, limit: 2, continue: first.continue ?? '' });
    const refused = await refusalOf(next);
    expect(refused.code).toBe(410);
    expect(refused.reason).toBe('Expired');
  });

  it('[rel-A10] [rel-S-API4] refuses continue tokens that it did not give out for the same list', async () => {
    const { continue: token = '' } = await harness.list(configMaps, { ...inDefault, limit: 1 });
    const position = Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"secrets/"}');
    const forged = Buffer.concat([Buffer.alloc(16), position]).toString('base64url');
    for (const text of [forged, `${token.slice(0, -4)}AAAA`, 'x']) {
      expect((await refusalOf(harness.list(configMaps, { ...inDefault, continue: text }))).code).toBe(400);
    }
    expect((await refusalOf(harness.list(pods, { ...inDefault, continue: token }))).code).toBe(400);
    expect((await refusalOf(harness.list(configMaps, { continue: token }))).code).toBe(400);
  });

  it('[rel-A4] reflects every write that was answered before it began', async () => {
    for (let i = 0; i < 5; i++) {
      const body = { data: { v: `${i}` } };
      const written = await harness.patch(configMaps, { ...inDefault, name: 'a' }, { type: 'merge', body });
      const { items } = await harness.list(configMaps, inDefault);
      expect(items[0]).toBe(written);
    }
  });

  it('shows an exact revision when asked to, and no future', async () => {
    const { resourceVersion } = await harness.list(configMaps, inDefault);
    await harness.delete(configMaps, { ...inDefault, name: 'a' });
    const then = await harness.list(configMaps, { ...inDefault, resourceVersion, resourceVersionMatch: 'Exact' });
    expect(namesOf(then)).toEqual(['a', 'b', 'c', 'd', 'e']);
    const now = await harness.list(configMaps, { ...inDefault, resourceVersion, resourceVersionMatch: 'NotOlderThan' });
    expect(namesOf(now)).toEqual(['b', 'c', 'd', 'e']);
    const future = await refusalOf(harness.list(configMaps, { ...inDefault, resourceVersion: '999999' }));
    expect(future.code).toBe(504);
    expect(future.message).toContain('Too large resource version: 999999');
  });

  it('[rel-X8] refuses options that make no sense', async () => {
    const code = async (options: object) =>
      (await refusalOf(harness.list(configMaps, { ...inDefault, ...options }))).code;
    expect(await code({ resourceVersion: 'abc' })).toBe(400);
    expect(await code({ resourceVersion: '-1' })).toBe(400);
    expect(await code({ limit: -1 })).toBe(400);
    expect(await code({ resourceVersionMatch: 'Exact' })).toBe(422);
    expect(await code({ resourceVersionMatch: 'Exact', resourceVersion: '0' })).toBe(422);
    expect(await code({ resourceVersionMatch: 'Newest', resourceVersion: '1' })).toBe(422);
    expect(await code({ labelSelector: 'a in (' })).toBe(400);
    expect(await code({ fieldSelector: 'data.v=1' })).toBe(400);
  });

  it('[A21] selects by labels and by the fields of the kind', async () => {
    const metadata = { name: 'p', namespace: 'default', labels: { app: 'web' } };
    await harness.create(pods, { ...pod('p'), metadata });
    await harness.create(pods, pod('q'));
    expect(namesOf(await harness.list(pods, { labelSelector: 'app=web' }))).toEqual(['p']);
    expect(namesOf(await harness.list(pods, { labelSelector: '!app' }))).toEqual(['q']);
    expect(namesOf(await harness.list(pods, { fieldSelector: 'spec.nodeName=,metadata.name!=p' }))).toEqual(['q']);
    expect(namesOf(await harness.list(pods, { fieldSelector: 'metadata.name=p' }))).toEqual(['p']);
    expect(namesOf(await harness.list(configMaps, { ...inDefault, fieldSelector: 'metadata.name=a' }))).toEqual(['a']);
  });

  it('does not take a name for the beginning of another', async () => {
    await harness.create(configMaps, configMap('ab'));
    const found = await harness.list(configMaps, { ...inDefault, fieldSelector: 'metadata.name=a' });
    expect(namesOf(found)).toEqual(['a']);
  });
});

describe('events', () => {
  it('are the same objects in both of their kinds', async () => {
    const regarding = { kind: 'Pod', name: 'p', namespace: 'default' };
    await harness.create(eventsV1, {
      metadata: { name: 'e', namespace: 'default' },
      eventTime: '2026-01-01T00:00:00.000001Z',
      regarding,
      note: 'hello',
      reason: 'Testing',
      action: 'Test',
      type: 'Normal',
      reportingController: 'example.com/test',
      reportingInstance: 'test-1',
    });
    const core = await harness.get(coreEvents, { namespace: 'default', name: 'e' });
    expect(core).toMatchObject({ apiVersion: 'v1', message: 'hello', involvedObject: regarding });
    const { items } = await harness.list(eventsV1, inDefault);
    expect(items[0]).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'hello', regarding });
    const watch = await harness.watch(eventsV1, inDefault);
    await harness.clock.settle();
    expect(watch.events[0]?.object).toMatchObject({ note: 'hello' });
  });
});
