import { describe, expect, it } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { defaultSnapshotControllerSettings } from '../../controllers/index.ts';
import { leaderElectionSettings } from '../roles/role-options.ts';
import { idleFlagsGiven } from './flag-table.ts';
import {
  idleSnapshotControllerFlags,
  readSnapshotControllerFlags,
  snapshotControllerSettings,
} from './snapshot-controller-flags.ts';

const read = (flags: Record<string, string> = {}) => readSnapshotControllerFlags(new Map(Object.entries(flags)));

describe('the flags of the snapshot controller', () => {
  it('have upstream’s defaults', () => {
    const flags = read();
    expect(snapshotControllerSettings(flags)).toEqual(defaultSnapshotControllerSettings);
    expect(flags['retry-crd-interval-max']).toBe(30_000);
    expect(flags['metrics-path']).toBe('/metrics');
    expect(leaderElectionSettings(flags)).toEqual({
      lease: { namespace: 'kube-system', name: 'snapshot-controller-leader' },
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 5_000,
    });
  });

  it('set what they say', () => {
    const flags = read({
      'worker-threads': '3',
      'resync-period': '1h',
      'retry-interval-start': '2s',
      'retry-interval-max': '1m',
      'enable-distributed-snapshotting': 'true',
      'prevent-volume-mode-conversion': 'false',
      'leader-election': 'false',
    });
    expect(snapshotControllerSettings(flags)).toEqual({
      workerThreads: 3,
      resyncPeriodMs: 3_600_000,
      retryIntervalStartMs: 2_000,
      retryIntervalMaxMs: 60_000,
      distributedSnapshotting: true,
      preventVolumeModeConversion: false,
    });
    expect(leaderElectionSettings(flags)).toBeUndefined();
  });

  it('are refused when they make no sense, and told when they do nothing', () => {
    expect(() => snapshotControllerSettings(read({ 'retry-interval-max': '500ms' }))).toThrow(UsageError);
    expect(() => read({ 'worker-threads': '0' })).toThrow('--worker-threads: "0" is too small');
    const given = new Map([['enable-volume-group-snapshots', 'true']]);
    expect(idleFlagsGiven(idleSnapshotControllerFlags, given)).toEqual([
      { flag: '--enable-volume-group-snapshots', reason: 'group snapshots are not taken' },
    ]);
  });
});
