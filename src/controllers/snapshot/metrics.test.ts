import { expect, it } from 'vitest';
import type { VolumeSnapshot } from '../../api/index.ts';
import { VirtualClock } from '../../base/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import { SnapshotMetrics } from './metrics.ts';

const snapshotOf = (uid: string, source: VolumeSnapshot['spec']['source']) =>
  ({ metadata: { uid }, spec: { source } }) as VolumeSnapshot;

it('times the creation of snapshots until they are taken, ready and gone', async () => {
  const clock = new VirtualClock();
  const registry = new MetricsRegistry();
  const metrics = new SnapshotMetrics(registry, clock);
  const taken = snapshotOf('1', { persistentVolumeClaimName: 'c' });
  const kept = snapshotOf('2', { volumeSnapshotContentName: 'k' });
  metrics.start('CreateSnapshot', taken, 'd');
  await clock.advance(2_000);
  metrics.start('CreateSnapshot', taken, 'd');
  metrics.start('CreateSnapshotAndReady', kept, undefined);
  metrics.succeeded('CreateSnapshot', '1');
  metrics.succeeded('CreateSnapshot', '1');
  metrics.start('DeleteSnapshot', kept, 'd');
  expect(await registry.print()).toContain('snapshot_controller_operations_in_flight 2');
  metrics.gone('2');
  metrics.gone('2');
  const lines = (await registry.print()).split('\n');
  const sums = lines.filter((line) => line.startsWith('snapshot_controller_operation_total_seconds_sum')).sort();
  const series = (driver: string, operation: string, type: string, status: string) =>
    `snapshot_controller_operation_total_seconds_sum{driver_name="${driver}",operation_name="${operation}",snapshot_type="${type}",operation_status="${status}"}`;
  expect(sums).toEqual([
    `${series('d', 'CreateSnapshot', 'dynamic', 'success')} 2`,
    `${series('d', 'DeleteSnapshot', 'pre-provisioned', 'success')} 0`,
    `${series('unknown', 'CreateSnapshotAndReady', 'pre-provisioned', 'cancel')} 0`,
  ]);
  expect(lines).toContain('snapshot_controller_operations_in_flight 0');
});
