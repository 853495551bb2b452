import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programEntry, run, Stowage } from './support/stowage.ts';

const manifest = join(import.meta.dirname, '..', '..', 'examples', 'statefulset.yaml');

const driverObjects = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: 'hostpath.csi.k8s.io' },
      spec: { attachRequired: true },
    },
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'standard-wait' },
      provisioner: 'hostpath.csi.k8s.io',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  ],
});

describe('every role as a process of its own', () => {
  let directory: string;
  const processes: ChildProcess[] = [];
  let log = '';

  function start(...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [programEntry(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const note = (text: string) => {
      log += `${args[0]}: ${text}`;
    };
    child.stdout?.setEncoding('utf8').on('data', note);
    child.stderr?.setEncoding('utf8').on('data', note);
    processes.push(child);
    return child;
  }

  const path = (...names: string[]) => join(directory, ...names);
  const kubectl = (args: string[], input?: string) =>
    run(existsSync('.cache/kubectl') ? '.cache/kubectl' : 'kubectl', args, {
      env: { ...process.env, KUBECONFIG: path('kubeconfig'), HOME: directory },
      ...(input === undefined ? {} : { input }),
    });

  async function until(args: string[], accept: (out: string) => boolean): Promise<string> {
    for (let tries = 0; tries < 600; tries++) {
      const { stdout } = await kubectl(args);
      if (accept(stdout)) return stdout;
      await delay(100);
    }
    throw new Error(`kubectl ${args.join(' ')} does not come to what is expected:\n${log}`);
  }

  beforeAll(async () => {
    directory = await Stowage.makeDirectory();
    await Promise.all(['driver', 'reg'].map((name) => mkdir(path(name))));
    start('apiserver', '--data-dir', path('data'), '--kubeconfig', path('kubeconfig'), '--listen', '127.0.0.1:0');
    start(
      'driver',
      'hostpath',
      '--endpoint',
      `unix://${path('c.sock')}`,
      '--node',
      `node-0=unix://${path('n.sock')}`,
      '--statedir',
      path('driver'),
      '--enable-attach=true',
      '--enable-topology=false',
    );
    while (!existsSync(path('kubeconfig'))) await delay(50);
    const pki = path('data', 'pki');
    const tls = [
      '--tls-cert-file',
      join(pki, 'kubelet-node-0.crt'),
      '--tls-private-key-file',
      join(pki, 'kubelet-node-0.key'),
      '--client-ca-file',
      join(pki, 'ca.crt'),
    ];
    const kubeconfig = ['--kubeconfig', path('kubeconfig')];
    start('kubelet', ...kubeconfig, '--node-name', 'node-0', '--root-dir', path('k'), '--port', '0', ...tls);
    start('controller-manager', ...kubeconfig, '--root-ca-file', join(pki, 'ca.crt'));
    start('scheduler', ...kubeconfig);
    start(
      'csi-sidecar',
      ...kubeconfig,
      '--csi-address',
      path('c.sock'),
      '--kubelet-registration-path',
      path('n.sock'),
      '--plugin-registration-path',
      path('k', 'plugins_registry'),
    );
    await kubectl(['apply', '-f', '-'], driverObjects);
    await until(
      ['get', 'csinodes', '-o', 'jsonpath={.items[*].spec.drivers[*].name}'],
      (out) => out === 'hostpath.csi.k8s.io',
    );
  });

  afterAll(async () => {
    // The node first: it unmounts through its driver.
    for (const child of processes.toSorted(
      (a, b) => Number(b.spawnargs.includes('kubelet')) - Number(a.spawnargs.includes('kubelet')),
    )) {
      if (child.exitCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  });

  it('goes through the six steps over HTTP alone', async () => {
    await kubectl(['apply', '-f', manifest]);
    await until(['get', 'pods'], (out) => (out.match(/1\/1\s+Running/g) ?? []).length === 2);
    const first = await until(['exec', 'web-0', '--', 'head', '-n', '1', '/data/log'], (out) => out !== '');
    await kubectl(['delete', 'pod', 'web-0']);
    await until(['get', 'pods'], (out) => (out.match(/1\/1\s+Running/g) ?? []).length === 2);
    expect(await until(['exec', 'web-0', '--', 'head', '-n', '1', '/data/log'], (out) => out !== '')).toBe(first);
    await kubectl(['delete', 'statefulset', 'web']);
    await until(['get', 'pods', '--no-headers'], (out) => out === '');
    await kubectl(['delete', 'pvc', '--all']);
    await until(['get', 'pv,volumeattachments', '--no-headers'], (out) => out === '');
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(directory);
  });
});
