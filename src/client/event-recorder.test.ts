import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiStatusError, type Event, type KubernetesObject } from '../api/index.ts';
import { seededRandom, silentLogger, VirtualClock } from '../base/index.ts';
import { createClient } from './client.ts';
import { createEventRecorder } from './event-recorder.ts';
import type { EventRecorder } from './events.ts';
import { ScriptedServer } from './scripted-server.ts';

let clock: VirtualClock;
let server: ScriptedServer;
let recorder: EventRecorder & AsyncDisposable;

function claim(name: string, namespace: string | undefined = 'golden'): KubernetesObject {
  const metadata = { name, uid: `uid-${name}`, resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z' };
  return {
    apiVersion: 'v1',
    kind: namespace ? 'PersistentVolumeClaim' : 'PersistentVolume',
    metadata: namespace ? { ...metadata, namespace } : metadata,
  };
}

const events = () => [...server.objects.values()] as unknown as Event[];
const warn = (message: string, object = claim('disk')) => recorder.event(object, 'Warning', 'FailedMount', message);

beforeEach(() => {
  clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
  server = new ScriptedServer();
  recorder = createEventRecorder({
    client: createClient({ transport: server, fieldManager: 'test' }),
    clock,
    random: seededRandom(1),
    component: 'persistentvolume-controller',
    logger: silentLogger,
  });
});

afterEach(async () => {
  await recorder[Symbol.asyncDispose]();
  expect(clock.pendingTimers).toBe(0);
});

describe('an event', () => {
  it('is recorded with the fields that upstream fills', async () => {
    recorder.event(claim('disk'), 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer');
    await clock.settle();
    const [event] = events();
    expect(event).toMatchObject({
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: 'golden',
        name: 'disk',
        uid: 'uid-disk',
        resourceVersion: '7',
      },
      type: 'Normal',
      reason: 'WaitForFirstConsumer',
      message: 'waiting for first consumer',
      count: 1,
      firstTimestamp: '2026-01-01T12:00:00Z',
      lastTimestamp: '2026-01-01T12:00:00Z',
      source: { component: 'persistentvolume-controller' },
      reportingComponent: 'persistentvolume-controller',
      reportingInstance: '',
    });
    expect(event?.metadata.namespace).toBe('golden');
    expect(event?.metadata.name).toMatch(/^disk\.1[0-9a-f]{15}$/);
  });

  it('about a cluster-scoped object goes to the namespace default', async () => {
    recorder.event(claim('volume', ''), 'Warning', 'VolumeFailedDelete', 'no');
    await clock.settle();
    expect(events()[0]?.metadata.namespace).toBe('default');
    expect(events()[0]?.involvedObject.namespace).toBeUndefined();
  });

  it('that happens again raises the count and the last time', async () => {
    warn('no device');
    await clock.advance(5000);
    warn('no device');
    await clock.advance(5000);
    expect(events().length).toBe(1);
    expect(events()[0]).toMatchObject({
      count: 2,
      firstTimestamp: '2026-01-01T12:00:00Z',
      lastTimestamp: '2026-01-01T12:00:05Z',
    });
  });

  it('that happens many times while it is written is one more write', async () => {
    warn('no device');
    await clock.settle();
    for (let i = 0; i < 10; i++) warn('no device');
    await clock.settle();
    expect(events()[0]?.count).toBe(11);
    expect(server.requests.length).toBe(2);
  });

  it('that expired on the server is created again with its count', async () => {
    warn('no device');
    await clock.settle();
    const [event] = events();
    server.remove('golden', event?.metadata.name ?? '');
    warn('no device');
    await clock.settle();
    expect(events()[0]?.count).toBe(2);
  });
});

describe('many events', () => {
  it('of one reason with different messages are combined from the tenth on', async () => {
    for (let i = 0; i < 12; i++) warn(`try ${i}`);
    await clock.settle();
    expect(events().length).toBe(10);
    const combined = events().filter((event) => event.message?.startsWith('(combined from similar events): '));
    expect(combined.map((event) => [event.message, event.count])).toEqual([
      ['(combined from similar events): try 11', 3],
    ]);
  });

  it('of one reason are recorded one by one again after ten quiet minutes', async () => {
    for (let i = 0; i < 12; i++) warn(`try ${i}`);
    await clock.advance(601_000);
    warn('later');
    await clock.settle();
    expect(events().some((event) => event.message === 'later')).toBe(true);
  });

  it('about one object are dropped beyond 25, and let through one every five minutes', async () => {
    for (let i = 0; i < 40; i++) warn('no device');
    warn('no device', claim('other'));
    await clock.settle();
    expect(events().map((event) => event.count)).toEqual([25, 1]);
    await clock.advance(300_000);
    for (let i = 0; i < 5; i++) warn('no device');
    await clock.settle();
    expect(events()[0]?.count).toBe(26);
  });

  it('are dropped when more than a thousand wait', async () => {
    for (let i = 0; i < 1200; i++) warn('no device', claim(`disk-${i}`));
    await clock.settle();
    expect(events().length).toBe(1000);
  });
});

describe('a server that does not take an event', () => {
  it('is tried again while it is unavailable', async () => {
    server.failures.push(ApiStatusError.of('ServiceUnavailable', 'starting'), new TypeError('connection refused'));
    warn('no device');
    await clock.advance(2000);
    expect(events().length).toBe(1);
  });

  it('is not asked again when it refuses for good', async () => {
    server.failures.push(ApiStatusError.of('Forbidden', 'no'));
    warn('no device');
    await clock.advance(60_000);
    expect(server.requests.length).toBe(1);
  });

  it('is given up after twelve tries', async () => {
    for (let i = 0; i < 50; i++) server.failures.push(new TypeError('connection refused'));
    warn('no device');
    await clock.advance(600_000);
    expect(server.requests.length).toBe(12);
  });
});

describe('the end', () => {
  it('waits for the events that are on the way', async () => {
    for (let i = 0; i < 20; i++) warn('no device', claim(`disk-${i}`));
    await recorder[Symbol.asyncDispose]();
    expect(events().length).toBe(20);
    warn('too late');
    await clock.settle();
    expect(events().length).toBe(20);
  });

  it('waits no longer than its deadline', async () => {
    for (let i = 0; i < 50; i++) server.failures.push(new TypeError('connection refused'));
    warn('no device');
    const closed = recorder[Symbol.asyncDispose]();
    await clock.advance(2_001);
    await closed;
    expect(events()).toEqual([]);
  });
});
