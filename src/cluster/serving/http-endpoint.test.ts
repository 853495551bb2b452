import { describe, expect, it } from 'vitest';
import { startHttpEndpoint } from './http-endpoint.ts';

describe('the HTTP endpoint of the sidecars', () => {
  it('serves the health of the election, and metrics at their path', async () => {
    let problem: string | undefined;
    let numbers = async () => 'up 1\n';
    await using endpoint = await startHttpEndpoint({
      host: '127.0.0.1',
      port: 0,
      metricsPath: '/numbers',
      metrics: () => numbers(),
      leaseProblem: () => problem,
    });
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${endpoint.port}${path}`);
      return [answer.status, await answer.text()];
    };
    expect(await get('/healthz/leader-election')).toEqual([200, 'ok']);
    expect(await get('/numbers?x=1')).toEqual([200, 'up 1\n']);
    expect(await get('/metrics')).toEqual([404, '404 page not found\n']);
    problem = 'the lease is expired';
    numbers = () => Promise.reject(new TypeError('no numbers'));
    expect(await get('/healthz/leader-election')).toEqual([500, 'internal server error: the lease is expired\n']);
    expect(await get('/numbers')).toEqual([500, 'no numbers\n']);
  });
});
