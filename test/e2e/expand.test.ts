import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

/** The largest volume of the driver in this test, in bytes. */
const limit = 100 * 2 ** 20;

const container = {
  name: 'main',
  image: 'busybox',
  command: ['sleep', 'infinity'],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};

function claim(name: string, spec: Readonly<Record<string, unknown>> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } }, ...spec },
  };
}

function pod(name: string, volume: Readonly<Record<string, unknown>>): object {
  const spec = { terminationGracePeriodSeconds: 0, containers: [container], volumes: [{ name: 'data', ...volume }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}

describe('claims that ask for more', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start({ args: ['--driver-arg', `--max-volume-size=${limit}`] });
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const untilField = (name: string, path: string, accept: (out: string) => boolean) =>
    stowage.until(['get', 'pvc', name, '-o', `jsonpath={${path}}`], accept);
  const untilRunning = (name: string) =>
    stowage.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
  const ask = (name: string, storage: string) =>
    stowage.ok(['patch', 'pvc', name, '-p', JSON.stringify({ spec: { resources: { requests: { storage } } } })]);
  const hasSize = (name: string, size: string) => untilField(name, '.status.capacity.storage', (out) => out === size);

  it('[E2] [E4] [E5] [O20] [W10] get it while a pod uses them, the driver first and then the node', async () => {
    await apply(claim('used'), pod('user', { persistentVolumeClaim: { claimName: 'used' } }));
    await untilRunning('user');
    await ask('used', '32Mi');
    await hasSize('used', '32Mi');
    expect(await stowage.ok('get pvc used -o jsonpath={.status.conditions}{.status.allocatedResourceStatuses}')).toBe(
      '',
    );
    const events = await stowage.until('get events -o custom-columns=R:.reason,N:.involvedObject.name', (out) =>
      out.includes('FileSystemResizeSuccessful'),
    );
    for (const reason of ['ExternalExpanding', 'Resizing', 'FileSystemResizeRequired'])
      expect(events).toContain(reason);
    const volume = await stowage.ok('get pvc used -o jsonpath={.spec.volumeName}');
    const size = `jsonpath={.spec.capacity.storage} {.metadata.annotations.volume\\.alpha\\.kubernetes\\.io/pre-resize-capacity}`;
    await stowage.until(['get', 'pv', volume, '-o', size], (out) => out === '32Mi ');
  });

  it('[E3] [rel-F4] recover from a size that the driver refuses when less is asked for', async () => {
    await apply(claim('greedy'), pod('greedy-user', { persistentVolumeClaim: { claimName: 'greedy' } }));
    await untilRunning('greedy-user');
    await ask('greedy', '1Gi');
    await untilField(
      'greedy',
      '.status.allocatedResourceStatuses.storage',
      (out) => out === 'ControllerResizeInfeasible',
    );
    const told = await stowage.ok('describe pvc greedy');
    expect(told).toMatch(/ControllerResizeError +True .* failed to expand pvc with rpc error: code = OutOfRange/);
    await ask('greedy', '64Mi');
    await hasSize('greedy', '64Mi');
    expect(await stowage.ok('get pvc greedy -o jsonpath={.status.conditions}')).toBe('');
  });

  it('[E6] get it when they are those of a StatefulSet, whose pods go on', async () => {
    const replicas = 2;
    const { spec } = claim('unused') as { spec: object };
    await apply({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'set' },
      spec: {
        replicas,
        serviceName: 'set',
        selector: { matchLabels: { app: 'set' } },
        template: {
          metadata: { labels: { app: 'set' } },
          spec: { terminationGracePeriodSeconds: 0, containers: [container] },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec }],
      },
    });
    const pods = Array.from({ length: replicas }, (_, index) => `set-${index}`);
    for (const name of pods) await untilRunning(name);
    const identities = () => stowage.ok('get pods -l app=set -o jsonpath={.items[*].metadata.uid}');
    const before = await identities();
    for (const name of pods) await ask(`data-${name}`, '32Mi');
    for (const name of pods) await hasSize(`data-${name}`, '32Mi');
    expect(await identities()).toBe(before);
  });

  it('[E6] get it when they are the ephemeral volume of a pod', async () => {
    const { spec } = claim('unused') as { spec: object };
    await apply(pod('owner', { ephemeral: { volumeClaimTemplate: { spec } } }));
    await untilRunning('owner');
    await ask('owner-data', '32Mi');
    await hasSize('owner-data', '32Mi');
  });
});
