import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const rounds = 20;

interface CallLine {
  readonly event: 'begin' | 'end';
  readonly method: string;
  readonly node?: string;
  readonly request?: { readonly nodeId?: string };
  readonly code?: string | number;
}

describe('two nodes', () => {
  let stowage: Stowage;
  let callLog: string;
  beforeAll(async () => {
    const directory = await Stowage.makeDirectory();
    callLog = join(directory, 'calls.jsonl');
    const driverArgs = ['--call-log', callLog, '--delay', '0-500'].flatMap((arg) => ['--driver-arg', arg]);
    stowage = await Stowage.start({ directory, args: ['--nodes', '2', ...driverArgs] });
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const manifest = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'mover' },
        spec: {
          serviceName: 'mover',
          selector: { matchLabels: { app: 'mover' } },
          template: {
            metadata: { labels: { app: 'mover' } },
            spec: {
              terminationGracePeriodSeconds: 0,
              containers: [
                {
                  name: 'main',
                  image: 'busybox',
                  command: ['sleep', 'infinity'],
                  volumeMounts: [{ name: 'disk', mountPath: '/data' }],
                },
              ],
            },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'disk' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                storageClassName: 'standard-wait',
                resources: { requests: { storage: '16Mi' } },
              },
            },
          ],
        },
      },
    ],
  });

  const calls = (): CallLine[] =>
    readFileSync(callLog, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const whereIs = () => stowage.ok('get pod mover-0 -o jsonpath={.spec.nodeName}');
  const running = (other: string) =>
    stowage.until(
      'get pod mover-0 --ignore-not-found -o jsonpath={.spec.nodeName},{.status.phase}',
      (out) => /,Running$/.test(out) && !out.startsWith(`${other},`),
      60_000,
    );

  const interesting = [
    'NodeUnpublishVolume',
    'NodeUnstageVolume',
    'ControllerUnpublishVolume',
    'ControllerPublishVolume',
    'NodeStageVolume',
    'NodePublishVolume',
  ];

  it(`[rel-D1][rel-D2][D4] moves a volume between nodes in order, ${rounds} times with random delays`, async () => {
    await stowage.ok(['apply', '-f', '-'], manifest);
    await running('');
    for (let round = 0; round < rounds; round++) {
      const from = await whereIs();
      const seen = calls().length;
      await stowage.ok(`cordon ${from}`);
      await stowage.ok('delete pod mover-0');
      await running(from);
      await stowage.ok(`uncordon ${from}`);
      const order = calls()
        .slice(seen)
        .filter(({ event, method }) => event === 'end' && interesting.includes(method))
        .map(({ method }) => method);
      expect(order, `round ${round}`).toEqual(interesting);
    }
  }, 600_000);

  it('[E5] [rel-F2] grows a shared volume on both nodes that have it', async () => {
    const nodes = (await stowage.ok('get nodes -o jsonpath={.items[*].metadata.name}')).split(' ');
    const metadata = { name: 'shared' };
    const spec = {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'standard',
      resources: { requests: { storage: '16Mi' } },
    };
    const pods = nodes.map((node, index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `shared-${index}` },
      spec: {
        terminationGracePeriodSeconds: 0,
        nodeSelector: { 'kubernetes.io/hostname': node },
        containers: [
          {
            name: 'main',
            image: 'busybox',
            command: ['sleep', 'infinity'],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: metadata.name } }],
      },
    }));
    const items = [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec }, ...pods];
    await stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    for (const { metadata: pod } of pods) {
      await stowage.until(['get', 'pod', pod.name, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
    }
    const seen = calls().length;
    const more = { spec: { resources: { requests: { storage: '32Mi' } } } };
    await stowage.ok(['patch', 'pvc', 'shared', '-p', JSON.stringify(more)]);
    await stowage.until('get pvc shared -o jsonpath={.status.capacity.storage}', (out) => out === '32Mi');
    const told = 'involvedObject.kind=Pod,reason=FileSystemResizeSuccessful';
    await stowage.until(
      ['get', 'events', '--field-selector', told, '-o', 'jsonpath={.items[*].involvedObject.name}'],
      (out) => pods.every(({ metadata: { name } }) => out.split(' ').includes(name)),
    );
    const expanded = calls()
      .slice(seen)
      .filter(({ event, method }) => event === 'end' && method === 'NodeExpandVolume');
    expect(expanded.map(({ node }) => node).sort()).toEqual([...nodes].sort());
  });
});
