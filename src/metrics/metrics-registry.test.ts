import { describe, expect, it } from 'vitest';
import { MetricsRegistry } from './metrics-registry.ts';

describe('MetricsRegistry', () => {
  it('prints counters and gauges with their labels escaped', async () => {
    const metrics = new MetricsRegistry();
    const requests = metrics.counter({ name: 'requests_total', help: 'Requests.', labels: ['code', 'host'] });
    requests.inc(['200', 'a"b\\c']);
    requests.inc(['200', 'a"b\\c'], 2);
    metrics.gauge({ name: 'depth', help: 'Keys that wait.' }).set(3);
    expect(await metrics.print()).toBe(
      [
        '# HELP requests_total Requests.',
        '# TYPE requests_total counter',
        'requests_total{code="200",host="a\\"b\\\\c"} 3',
        '',
        '# HELP depth Keys that wait.',
        '# TYPE depth gauge',
        'depth 3',
        '',
      ].join('\n'),
    );
  });

  it('counts each observation in every bucket at or above it', async () => {
    const metrics = new MetricsRegistry();
    const seconds = metrics.histogram({ name: 'seconds', help: 'Time.', labels: ['name'], buckets: [0.5, 1] });
    for (const value of [0.25, 0.5, 0.75, 7]) seconds.observe(value, ['x']);
    expect((await metrics.print()).split('\n').slice(2, -1)).toEqual([
      'seconds_bucket{le="0.5",name="x"} 2',
      'seconds_bucket{le="1",name="x"} 3',
      'seconds_bucket{le="+Inf",name="x"} 4',
      'seconds_sum{name="x"} 8.5',
      'seconds_count{name="x"} 4',
    ]);
  });

  it('gives the same metric to everybody who asks for its name', async () => {
    const metrics = new MetricsRegistry();
    metrics.counter({ name: 'n', help: 'N.' }).inc();
    metrics.counter({ name: 'n', help: 'N.' }).inc();
    expect(await metrics.print()).toContain('n 2\n');
  });

  it('asks its collectors before it prints, until they are taken back', async () => {
    const metrics = new MetricsRegistry();
    const gauge = metrics.gauge({ name: 'in_use', help: 'In use.', labels: ['node'] });
    let nodes = ['a', 'b'];
    const collector = metrics.onCollect(() => {
      gauge.reset();
      for (const node of nodes) gauge.set(1, [node]);
    });
    expect(await metrics.print()).toContain('in_use{node="a"} 1\nin_use{node="b"} 1\n');
    nodes = ['b'];
    expect(await metrics.print()).not.toContain('node="a"');
    collector[Symbol.dispose]();
    nodes = [];
    expect(await metrics.print()).toContain('node="b"');
  });

  it('keeps a limited number of series, and has room again when one goes', async () => {
    const metrics = new MetricsRegistry();
    const gauge = metrics.gauge({ name: 'g', help: 'G.', labels: ['object'] });
    for (let index = 0; index < 10_050; index++) gauge.set(1, [`o-${index}`]);
    expect((await metrics.print()).match(/^g\{/gm)).toHaveLength(10_000);
    gauge.remove(['o-0']);
    gauge.add(2, ['late']);
    const text = await metrics.print();
    expect(text.match(/^g\{/gm)).toHaveLength(10_000);
    expect(text).toContain('\ng{object="late"} 2\n');
    expect(text).not.toContain('o-0"');
  });
});
