import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiStatusError, type Lease } from '../api/index.ts';
import { seededRandom, silentLogger, VirtualClock } from '../base/index.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import { createClient } from './client.ts';
import type { EventRecorder } from './events.ts';
import { type LeaderElectionOptions, type LeadershipEnd, runAsLeader } from './leader-election.ts';
import { ScriptedServer } from './scripted-server.ts';

let clock: VirtualClock;
let server: ScriptedServer;
let candidates: Candidate[];

/** A process that wants to lead. Its connection to the server can be cut. */
class Candidate {
  readonly stop = new AbortController();
  readonly link: ScriptedServer;
  leading = false;
  cut = false;
  /** Stopped by a signal: nothing of it runs, what it sent before included, until it is continued. */
  paused: PromiseWithResolvers<void> | undefined;
  mayWatch = true;
  end: LeadershipEnd | undefined;
  error: unknown;
  readonly run: Promise<void>;

  constructor(
    identity: string,
    work?: (signal: AbortSignal) => Promise<void>,
    extra: Partial<LeaderElectionOptions> = {},
  ) {
    this.link = server;
    const reachable = () => {
      if (this.cut) throw new TypeError('connection refused');
    };
    const transport = {
      request: async (request: Parameters<ScriptedServer['request']>[0]) => {
        await this.paused?.promise;
        reachable();
        return await server.request(request);
      },
      watch: async (request: Parameters<ScriptedServer['watch']>[0]) => {
        reachable();
        if (!this.mayWatch) throw ApiStatusError.of('Forbidden', 'leases may not be watched');
        return await server.watch(request);
      },
    };
    this.run = runAsLeader(
      {
        client: createClient({ transport, fieldManager: 'test' }),
        clock,
        random: seededRandom(candidates.length + 1),
        logger: silentLogger,
        lease: { namespace: 'kube-system', name: 'controller' },
        identity,
        signal: this.stop.signal,
        ...extra,
      },
      work ?? ((signal) => this.#work(signal)),
    ).then(
      (end) => {
        this.end = end;
      },
      (error: unknown) => {
        this.error = error;
      },
    );
    candidates.push(this);
  }

  async #work(signal: AbortSignal): Promise<void> {
    this.leading = true;
    expect(candidates.filter((candidate) => candidate.leading).length).toBe(1);
    await clock.sleep(1e9, signal).catch(() => {});
    this.leading = false;
  }
}

const lease = () => server.objects.get('kube-system/controller') as unknown as Lease;

beforeEach(() => {
  clock = new VirtualClock();
  server = new ScriptedServer();
  candidates = [];
});

afterEach(async () => {
  for (const candidate of candidates) candidate.stop.abort();
  await clock.advance(30_000);
  await Promise.all(candidates.map((candidate) => candidate.run));
  expect(clock.pendingTimers).toBe(0);
});

describe('leader election', () => {
  it('[O0] gives an uncontested lease at once and renews it every five seconds', async () => {
    const a = new Candidate('a');
    await clock.settle();
    expect(a.leading).toBe(true);
    expect(lease().spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await clock.advance(12_000);
    expect(lease().spec).toMatchObject({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:10.000000Z',
    });
  });

  it('says whenever the lease is held, and no more when it cannot be renewed', async () => {
    const heldMs: number[] = [];
    const startedMs = clock.monotonic();
    const a = new Candidate('a', undefined, { onHeld: () => void heldMs.push(clock.monotonic() - startedMs) });
    await clock.advance(12_000);
    a.cut = true;
    await clock.advance(60_000);
    expect(heldMs).toEqual([0, 5_000, 10_000]);
  });

  it('[rel-R3] lets another lead one lease after the leader has died', async () => {
    const a = new Candidate('a');
    await clock.settle();
    const b = new Candidate('b');
    await clock.advance(61_000);
    a.cut = true;
    a.leading = false;
    const last = Date.parse(lease().spec.renewTime ?? '');
    await clock.until(() => b.leading);
    expect(clock.now() - last).toBeLessThanOrEqual(16_000);
    expect(clock.now() - last).toBeGreaterThanOrEqual(15_000);
    expect(lease().spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('[rel-F-CT3] stops a leader that cannot renew before another starts', async () => {
    const a = new Candidate('a');
    await clock.settle();
    const b = new Candidate('b');
    await clock.advance(20_000);
    a.cut = true;
    await clock.until(() => a.end !== undefined);
    expect(a.end).toBe('lost');
    expect(b.leading).toBe(false);
    await clock.until(() => b.leading);
  });

  it('hands over at once when the leader stops in order', async () => {
    const a = new Candidate('a');
    await clock.settle();
    const b = new Candidate('b');
    await clock.advance(20_000);
    const stoppedMs = clock.monotonic();
    a.stop.abort();
    await clock.until(() => b.leading);
    expect(a.end).toBe('stopped');
    expect(clock.monotonic() - stoppedMs).toBeLessThan(100);
  });

  it('survives failures that are shorter than its deadline', async () => {
    const a = new Candidate('a');
    await clock.advance(7_000);
    a.cut = true;
    await clock.advance(6_000);
    a.cut = false;
    await clock.advance(60_000);
    expect(a.leading).toBe(true);
    expect(a.end).toBeUndefined();
  });

  it('ends at once when somebody else has taken the lease', async () => {
    const a = new Candidate('a');
    await clock.settle();
    const metadata = { ...lease().metadata };
    server.objects.set('kube-system/controller', {
      ...lease(),
      metadata: { ...metadata, resourceVersion: String(++server.revision) },
      spec: { ...lease().spec, holderIdentity: 'thief' },
    } as Lease);
    await clock.advance(6_000);
    expect(a.end).toBe('lost');
  });

  it('waits while the server is away, and stops waiting with its signal', async () => {
    for (let i = 0; i < 3; i++) server.failures.push(ApiStatusError.of('ServiceUnavailable', 'starting'));
    const a = new Candidate('a');
    await clock.until(() => a.leading);
    const b = new Candidate('b');
    await clock.advance(1_000);
    b.stop.abort();
    await clock.settle();
    expect(b.end).toBe('stopped');
  });

  it('[rel-F-CT3] a leader that was paused for longer than its lease stops as soon as it runs again', async () => {
    const a = new Candidate('a');
    await clock.settle();
    const b = new Candidate('b');
    await clock.advance(20_000);
    a.paused = Promise.withResolvers();
    // What a paused process does is not done; this one's work is looked at no more until it goes on.
    a.leading = false;
    await clock.until(() => b.leading);
    a.paused.resolve();
    a.paused = undefined;
    await clock.advance(2_000);
    expect(a.end).toBe('lost');
    expect(b.leading).toBe(true);
    expect(lease().spec.holderIdentity).toBe('b');
  });

  it('[rel-F-CT3] of two that reach for a free lease at once only one leads', async () => {
    const both = [new Candidate('a'), new Candidate('b')];
    await clock.settle();
    expect(both.filter((candidate) => candidate.leading)).toHaveLength(1);
    expect(lease().spec.leaseTransitions).toBe(0);
    await clock.advance(60_000);
    expect(both.filter((candidate) => candidate.leading)).toHaveLength(1);
  });

  it.each([
    ['in the future', '2031-01-01T00:00:00.000000Z'],
    ['long ago', '1999-01-01T00:00:00.000000Z'],
  ])('goes by its own clock when the leader’s renewals seem to be %s', async (_when, renewTime) => {
    const metadata = { name: 'controller', namespace: 'kube-system', uid: 'u', resourceVersion: '1' };
    const spec = { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime, leaseTransitions: 3 };
    const held = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    server.objects.set('kube-system/controller', held as unknown as Lease);
    server.revision = 1;
    const b = new Candidate('b');
    await clock.advance(14_000);
    expect(b.leading).toBe(false);
    await clock.advance(2_000);
    expect(b.leading).toBe(true);
    expect(lease().spec.leaseTransitions).toBe(4);
  });

  it('takes a label that somebody sets for no sign of life', async () => {
    const a = new Candidate('a');
    await clock.settle();
    const b = new Candidate('b');
    await clock.advance(20_000);
    a.cut = true;
    a.leading = false;
    const cutMs = clock.monotonic();
    for (let round = 0; round < 4 && !b.leading; round++) {
      const metadata = {
        ...lease().metadata,
        resourceVersion: String(++server.revision),
        labels: { round: `${round}` },
      };
      server.objects.set('kube-system/controller', { ...lease(), metadata } as Lease);
      await clock.advance(4_000);
    }
    await clock.until(() => b.leading);
    expect(clock.monotonic() - cutMs).toBeLessThanOrEqual(17_000);
  });

  it('looks once in a period where it may not watch', async () => {
    const a = new Candidate('a');
    await clock.settle();
    const b = new Candidate('b');
    b.mayWatch = false;
    await clock.advance(20_000);
    const stoppedMs = clock.monotonic();
    a.stop.abort();
    await clock.until(() => b.leading);
    expect(clock.monotonic() - stoppedMs).toBeLessThanOrEqual(11_000);
  });

  it('says in an event and a metric who leads', async () => {
    const events: string[] = [];
    const metrics = new MetricsRegistry();
    const event = (_object: unknown, type: string, reason: string, message: string) =>
      events.push(`${type} ${reason} ${message}`);
    const recorder = { event } as unknown as EventRecorder;
    const a = new Candidate('a', undefined, { recorder, metrics });
    await clock.settle();
    expect(await metrics.print()).toContain('leader_election_master_status{name="controller"} 1');
    a.stop.abort();
    await clock.until(() => a.end !== undefined);
    expect(await metrics.print()).toContain('leader_election_master_status{name="controller"} 0');
    expect(events).toEqual(['Normal LeaderElection a became leader', 'Normal LeaderElection a stopped leading']);
  });

  it('tells who leads, and what the work threw', async () => {
    const leaders: string[] = [];
    const onNewLeader = (identity: string) => leaders.push(identity);
    const a = new Candidate('a', async () => {
      await clock.sleep(1_000);
      throw new TypeError('broken');
    });
    await clock.settle();
    new Candidate('b', undefined, { onNewLeader });
    await clock.advance(2_000);
    expect(a.error).toBeInstanceOf(TypeError);
    expect(leaders).toEqual(['a', 'b']);
  });
});
