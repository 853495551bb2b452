import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programEntry, Stowage } from './support/stowage.ts';

const driver = 'hostpath.csi.k8s.io';
const nodeNames = ['node-0', 'node-1'];
const classOf = (name: string, volumeBindingMode: string) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: driver,
  parameters: { kind: 'local' },
  volumeBindingMode,
});
const driverObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: { name: driver },
  spec: { attachRequired: false, storageCapacity: true, preventPodSchedulingIfMissing: true },
};
const container = {
  name: 'main',
  image: 'busybox',
  command: ['sleep', 'infinity'],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};

const claim = (name: string, storageClassName: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '60Mi' } } },
});
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [container],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
  },
});

describe('a driver with 100Mi on each node, and its sidecars beside it', () => {
  let stowage: Stowage;
  const children: ChildProcess[] = [];

  function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const options = { stdio: ['ignore', 'pipe', 'pipe'] as const, env: { ...process.env, ...env } };
    const child = spawn(process.execPath, [programEntry(), ...args], { ...options, stdio: [...options.stdio] });
    const note = (text: string) => {
      stowage.log += text;
    };
    child.stdout?.setEncoding('utf8').on('data', note);
    child.stderr?.setEncoding('utf8').on('data', note);
    children.push(child);
  }

  async function startNode(node: string): Promise<void> {
    const path = (...names: string[]) => join(stowage.directory, node, ...names);
    await mkdir(path('state'), { recursive: true });
    const socket = path('csi.sock');
    const storage = ['--capacity=local=100Mi', '--enable-topology=true', '--enable-attach=false'];
    start([
      'driver',
      'hostpath',
      '--endpoint',
      `unix://${socket}`,
      '--nodeid',
      node,
      '--statedir',
      path('state'),
      ...storage,
    ]);
    const sockets = ['--csi-address', socket, '--kubelet-registration-path', socket];
    const registry = ['--plugin-registration-path', join(stowage.dataDir, 'kubelet', node, 'plugins_registry')];
    const onNode = ['--node-deployment', '--node-deployment-base-delay=1s', '--leader-election=false'];
    const flags = [
      '--strict-topology',
      '--immediate-topology=false',
      '--enable-capacity',
      '--capacity-ownerref-level=-1',
    ];
    const env = { NODE_NAME: node, NAMESPACE: 'kube-system' };
    start(['csi-sidecar', '--kubeconfig', stowage.kubeconfig, ...sockets, ...registry, ...onNode, ...flags], env);
  }

  beforeAll(async () => {
    stowage = await Stowage.start({ args: ['--no-default-drivers', '--nodes=2'] });
    await apply(driverObject, classOf('local', 'WaitForFirstConsumer'), classOf('now', 'Immediate'));
    for (const node of nodeNames) await startNode(node);
  });
  afterAll(async () => {
    // The kubelets need the drivers to unmount.
    await stowage?.stop();
    for (const child of children.reverse()) {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill();
      await ended;
    }
    await stowage?.[Symbol.asyncDispose]();
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const untilCapacities = (...capacities: string[]) =>
    stowage.until(
      ['get', 'csistoragecapacities', '-A', '-o', 'jsonpath={.items[*].capacity}'],
      (out) => out.split(' ').sort().join(' ') === capacities.join(' '),
    );
  const untilRunning = (name: string) =>
    stowage.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
  const nodeOf = (name: string) => stowage.ok(`get pod ${name} -o jsonpath={.spec.nodeName}`);

  it('[O15] publish what each node has', async () => {
    await untilCapacities('100Mi', '100Mi');
    const managers = 'jsonpath={.items[*].metadata.labels.csi\\.storage\\.k8s\\.io/managed-by}';
    const shown = await stowage.ok(['get', 'csistoragecapacities', '-A', '-o', managers]);
    expect(shown.split(' ').sort()).toEqual(nodeNames.map((node) => `external-provisioner-${node}`));
  });

  it('[O15] [R3] put each pod where its volume has room, and let the next one wait', async () => {
    await apply(claim('a', 'local'), pod('a'));
    await untilRunning('a');
    await untilCapacities('100Mi', '40Mi');
    await apply(claim('b', 'local'), pod('b'));
    await untilRunning('b');
    expect([await nodeOf('a'), await nodeOf('b')].sort()).toEqual(nodeNames);
    await untilCapacities('40Mi', '40Mi');
    await apply(claim('c', 'local'), pod('c'));
    await stowage.until(
      ['get', 'pod', 'c', '-o', 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'],
      (out) => out.startsWith('0/2 nodes are available: 2 node(s) did not have enough free storage.'),
    );
    const freed = await nodeOf('a');
    await stowage.ok('delete pod,pvc a');
    await untilRunning('c');
    expect(await nodeOf('c')).toBe(freed);
    await stowage.ok('delete pod,pvc b c');
    await untilCapacities('100Mi', '100Mi');
  });

  it('[O15] share claims that are bound at once', async () => {
    await apply(claim('d', 'now'));
    await stowage.until('get pvc d -o jsonpath={.status.phase}', (out) => out === 'Bound');
    const note = 'jsonpath={.metadata.annotations.volume\\.kubernetes\\.io/selected-node}';
    const node = await stowage.ok(['get', 'pvc', 'd', '-o', note]);
    expect(nodeNames).toContain(node);
    await apply(pod('d'));
    await untilRunning('d');
    expect(await nodeOf('d')).toBe(node);
    await stowage.ok('delete pod,pvc d');
    await stowage.until('get pv -o name', (out) => out === '');
  });
});
