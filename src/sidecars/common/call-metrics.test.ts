import { expect, it } from 'vitest';
import { Code } from '../../csi/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import { CallMetrics } from './call-metrics.ts';

it('calls of a driver are counted by method and how they end, by its name once it is known', async () => {
  const registry = new MetricsRegistry();
  const [calls, others] = [new CallMetrics(registry), new CallMetrics(registry)];
  calls.ended({ method: '/csi.v1.Identity/Probe', code: Code.OK, durationMs: 100 });
  calls.driverName = 'd.example.com';
  others.driverName = 'e.example.com';
  const method = '/csi.v1.Controller/CreateVolume';
  calls.ended({ method, code: Code.DEADLINE_EXCEEDED, durationMs: 10_000 });
  for (const durationMs of [200, 300]) calls.ended({ method, code: Code.OK, durationMs });
  others.ended({ method, code: Code.OK, durationMs: 700_000 });
  const lines = (await registry.print()).split('\n').filter((line) => /_(sum|count)\{|le="(0.25|600)"/.test(line));
  const series = (name: string, code: string, called = method) =>
    `{driver_name="${name}",method_name="${called}",grpc_status_code="${code}"}`;
  const metric = 'csi_sidecar_operations_seconds';
  expect(lines.filter((line) => line.includes('_sum') || line.includes('_count'))).toEqual([
    `${metric}_sum${series('unknown-driver', 'OK', '/csi.v1.Identity/Probe')} 0.1`,
    `${metric}_count${series('unknown-driver', 'OK', '/csi.v1.Identity/Probe')} 1`,
    `${metric}_sum${series('d.example.com', 'DeadlineExceeded')} 10`,
    `${metric}_count${series('d.example.com', 'DeadlineExceeded')} 1`,
    `${metric}_sum${series('d.example.com', 'OK')} 0.5`,
    `${metric}_count${series('d.example.com', 'OK')} 2`,
    `${metric}_sum${series('e.example.com', 'OK')} 700`,
    `${metric}_count${series('e.example.com', 'OK')} 1`,
  ]);
  const bucket = (bound: number, name: string) => `le="${bound}",${series(name, 'OK').slice(1)}`;
  expect(lines).toContain(`${metric}_bucket{${bucket(0.25, 'd.example.com')} 1`);
  expect(lines).toContain(`${metric}_bucket{${bucket(600, 'e.example.com')} 0`);
});
