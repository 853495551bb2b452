import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coreEvents } from '../api/index.ts';
import { Harness } from './test-harness.ts';

let harness: Harness;
const minuteMs = 60_000;

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
  expect(harness.clock.pendingTimers).toBe(0);
});

const involvedObject = { kind: 'Pod', name: 'p', namespace: 'default' };
const create = (name: string) =>
  harness.create(coreEvents, { metadata: { name, namespace: 'default' }, involvedObject, reason: 'Testing' });
const names = async () => (await harness.list(coreEvents)).items.map((event) => event.metadata.name);

describe('events', () => {
  it('are forgotten an hour after they last happened', async () => {
    await create('a');
    await create('again');
    await harness.clock.advance(50 * minuteMs);
    const lastTimestamp = new Date(harness.clock.now()).toISOString().replace(/\.\d+/, '');
    const body = { count: 2, lastTimestamp };
    await harness.patch(coreEvents, { namespace: 'default', name: 'again' }, { type: 'merge', body });
    expect(await names()).toEqual(['a', 'again']);
    await harness.clock.advance(20 * minuteMs);
    expect(await names()).toEqual(['again']);
    await harness.clock.advance(60 * minuteMs);
    expect(await names()).toEqual([]);
  });

  it('cost nothing while there are none', async () => {
    const { pendingTimers } = harness.clock;
    await create('a');
    expect(harness.clock.pendingTimers).toBe(pendingTimers + 1);
  });
});
