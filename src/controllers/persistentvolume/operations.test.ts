import { describe, expect, it } from 'vitest';
import { silentLogger, VirtualClock } from '../../base/index.ts';
import { VolumeOperations } from './operations.ts';

describe('operations', () => {
  it('[B1] run one at a time per name, and once more when asked for meanwhile', async () => {
    const clock = new VirtualClock();
    const running = new Map<string, number>();
    const runs: string[] = [];
    const run = async (kind: string, key: string) => {
      const name = `${kind} ${key}`;
      running.set(name, (running.get(name) ?? 0) + 1);
      expect(running.get(name)).toBe(1);
      runs.push(name);
      await clock.sleep(1000);
      running.set(name, 0);
    };
    await using operations = new VolumeOperations({ clock, logger: silentLogger, run });
    for (let times = 0; times < 3; times++) operations.start('provision', 'default/c');
    operations.start('delete', 'v');
    await clock.settle();
    expect(runs).toEqual(['provision default/c', 'delete v']);
    operations.start('provision', 'default/c');
    await clock.advance(5000);
    expect(runs).toEqual(['provision default/c', 'delete v', 'provision default/c']);
  });

  it('[B1] wait longer after each failure, however often they are asked for, and anew after a success', async () => {
    const clock = new VirtualClock();
    const runsAtMs: number[] = [];
    let failing = true;
    const run = async () => {
      runsAtMs.push(clock.monotonic());
      if (failing) throw new Error('no');
    };
    await using operations = new VolumeOperations({ clock, logger: silentLogger, run });
    operations.start('delete', 'v');
    for (let second = 0; second < 8; second++) {
      operations.start('delete', 'v');
      await clock.advance(1000);
    }
    expect(runsAtMs).toEqual([0, 500, 1500, 3500, 7500]);
    failing = false;
    await clock.advance(10_000);
    failing = true;
    operations.start('delete', 'v');
    await clock.advance(500);
    expect(runsAtMs.slice(5)).toEqual([15_500, 18_000, 18_500]);
  });
});
