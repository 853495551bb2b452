import { describe, expect, it } from 'vitest';
import { DecisionLog, VirtualClock } from '../../base/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import { componentPage } from '../serving/pages.ts';
import { RoleHealth } from './role-health.ts';

function make() {
  const clock = new VirtualClock();
  const health = new RoleHealth(clock);
  const sources = { metrics: new MetricsRegistry(), decisions: new DecisionLog(clock), config: {} };
  const ask = async (path: string) => {
    const page = await componentPage({ ...sources, health: health.checks }, new URL(path, 'https://component'));
    return page && `${page.status} ${page.text.trim()}`;
  };
  return { clock, health, ask };
}

const expired = 'failed election to renew leadership on lease mine';

describe('the health of a role', () => {
  it('[rel-R3] is bad when the lease is long expired and nobody has stopped', async () => {
    const { clock, health, ask } = make();
    expect(await ask('/healthz')).toBe('200 ok');
    health.held('mine', 15_000);
    await clock.advance(35_000);
    expect(await ask('/healthz/leaderElection')).toBe('200 ok');
    await clock.advance(1_000);
    expect(await ask('/livez/leaderElection')).toBe(`500 [-]leaderElection failed: ${expired}\nlivez check failed`);
    health.held('mine', 15_000);
    expect(await ask('/livez')).toBe('200 ok');
    await clock.advance(60_000);
    health.ended();
    expect(await ask('/livez')).toBe('200 ok');
  });

  it('is not ready while a leader does not see the cluster yet', async () => {
    const { health, ask } = make();
    expect(await ask('/readyz')).toBe('200 ok');
    health.starting();
    expect(await ask('/readyz')).toBe(
      '500 [+]ping ok\n[+]leaderElection ok\n[-]informer-sync failed: informers not synced\nreadyz check failed',
    );
    expect(await ask('/healthz')).toBe('200 ok');
    expect(await ask('/healthz/informer-sync')).toBeUndefined();
    health.synced();
    expect(await ask('/readyz/informer-sync')).toBe('200 ok');
  });
});
