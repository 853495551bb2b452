import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RoleChild, SeparateRoles } from './support/separate-roles.ts';

const manifest = join(import.meta.dirname, '..', '..', 'examples', 'statefulset.yaml');
/** Short, so that the test need not wait for 15 s; the proportions are those of the defaults. */
const times = [
  '--leader-elect-lease-duration=3s',
  '--leader-elect-renew-deadline=2s',
  '--leader-elect-retry-period=400ms',
];
const exitTimeoutMs = 30_000;
const roles = ['controller-manager', 'scheduler'] as const;

describe('two processes of every elected role', () => {
  let world: SeparateRoles;
  const pairs = new Map<string, RoleChild[]>();

  beforeAll(async () => {
    world = await SeparateRoles.start();
    for (const role of roles) {
      const flags = role === 'scheduler' ? times : [...times, '--use-service-account-credentials'];
      pairs.set(role, [await world.startComponent(role, ...flags), await world.startComponent(role, ...flags)]);
    }
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const statusLine = (role: string, value: 0 | 1) => `leader_election_master_status{name="kube-${role}"} ${value}\n`;

  async function leads(role: string, child: RoleChild): Promise<boolean> {
    if (child.child.exitCode !== null || child.child.signalCode !== null) return false;
    return (await world.get(child, '/metrics')).body.includes(statusLine(role, 1));
  }

  /** Waits until one of the candidates leads, and returns it with the others. */
  async function leaderOf(role: string, candidates: readonly RoleChild[]) {
    for (let tries = 0; tries < 200; tries++) {
      for (const candidate of candidates) {
        const answered = await leads(role, candidate).catch(() => false);
        if (answered) return { leader: candidate, others: candidates.filter((other) => other !== candidate) };
      }
      await delay(100);
    }
    throw new Error(`nobody leads the ${role}s:\n${world.log}`);
  }

  const ready = (count: number) =>
    world.until(['get', 'pods'], (out) => (out.match(/1\/1\s+Running/g) ?? []).length === count);

  it('[rel-F-CT3][rel-A16] hand over while the leaders are stopped, and those stop when they run again', async () => {
    await world.kubectl(['apply', '-f', manifest]);
    await ready(2);
    const stopped: RoleChild[] = [];
    for (const role of roles) {
      const { leader } = await leaderOf(role, pairs.get(role) ?? []);
      leader.child.kill('SIGSTOP');
      stopped.push(leader);
    }
    const scale = ['scale', 'statefulset', 'web', '--replicas=3'];
    await world.kubectl(scale);
    await ready(3);
    for (const leader of stopped) {
      const ended = once(leader.child, 'exit', { signal: AbortSignal.timeout(exitTimeoutMs) });
      leader.child.kill('SIGCONT');
      const [code] = await ended;
      expect(code).toBe(1);
      expect(leader.log).toContain('leader election lost');
    }
    await delay(1_000);
    await ready(3);
    const attached = await world.kubectl(['get', 'volumeattachments', '--no-headers']);
    expect(attached.stdout.trim().split('\n')).toHaveLength(3);
  });

  it('[rel-F-CT3][rel-R3] hand over when a leader is killed, and when it stops in order', async () => {
    for (const role of roles) {
      const left = (pairs.get(role) ?? []).filter(({ child }) => child.exitCode === null && child.signalCode === null);
      const { leader } = await leaderOf(role, left);
      const third = await world.startComponent(
        role,
        ...times,
        ...(role === 'scheduler' ? [] : ['--use-service-account-credentials']),
      );
      leader.child.kill('SIGKILL');
      await leaderOf(role, [third]);
      const fourth = await world.startComponent(
        role,
        ...times,
        ...(role === 'scheduler' ? [] : ['--use-service-account-credentials']),
      );
      const ended = once(third.child, 'exit', { signal: AbortSignal.timeout(exitTimeoutMs) });
      third.child.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
      await leaderOf(role, [fourth]);
    }
    await world.kubectl(['delete', 'statefulset', 'web']);
    await world.until(['get', 'pods', '--no-headers'], (out) => out === '');
    await world.kubectl(['delete', 'pvc', '--all']);
    await world.until(['get', 'pv,volumeattachments', '--no-headers'], (out) => out === '');
    const path = '-o=jsonpath={range .items[*]}{.involvedObject.kind} {.reason} {.message}{"\\n"}{end}';
    const { stdout } = await world.kubectl(['-n', 'kube-system', 'get', 'events', path]);
    expect(stdout).toMatch(/^Lease LeaderElection \S+ became leader$/m);
    expect(stdout).toMatch(/^Lease LeaderElection \S+ stopped leading$/m);
  });
});
