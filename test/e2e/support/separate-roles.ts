/** Every role as a process of its own around one API server process, each with the user that upstream's clusters give it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { issueCertificate, type KeyPair } from '../../../src/apiserver/index.ts';
import { realClock, realRandom } from '../../../src/base/index.ts';
import { programEntry, run, Stowage } from './stowage.ts';

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

export interface RoleChild {
  readonly child: ChildProcess;
  /** Where it serves health and metrics; 0 where it does not. */
  readonly port: number;
  log: string;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function startStowageApiServer(world: SeparateRoles): Promise<string> {
  const { path } = world;
  world.spawn('apiserver', '--data-dir', path('data'), '--kubeconfig', path('kubeconfig'), '--listen', '127.0.0.1:0');
  while (!existsSync(path('kubeconfig'))) await delay(50);
  return path('kubeconfig');
}

export class SeparateRoles implements AsyncDisposable {
  readonly directory: string;
  readonly #children: RoleChild[] = [];
  #admin: KeyPair | undefined;
  #nodeKubeconfig = '';

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * An API server, a driver, its sidecars and a node. Controllers and schedulers are the test's to start. Another API
   * server leaves its certificates in `data/pki`, writes `kubeconfig`, and tells which one the node takes.
   */
  static async start(startApiServer = startStowageApiServer): Promise<SeparateRoles> {
    const world = await SeparateRoles.startApiServer(startApiServer);
    await world.#startNode();
    return world;
  }

  /** The API server and nothing else. */
  static async startApiServer(startApiServer = startStowageApiServer): Promise<SeparateRoles> {
    const world = new SeparateRoles(await Stowage.makeDirectory());
    world.#nodeKubeconfig = await startApiServer(world);
    world.#admin = { certificate: world.#pki('admin.crt'), key: world.#pki('admin.key') };
    return world;
  }

  async #startNode(): Promise<void> {
    const { path } = this;
    await Promise.all(['driver', 'reg'].map((name) => mkdir(path(name))));
    this.spawn(
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
    const pki = path('data', 'pki');
    const admin = ['--kubeconfig', path('kubeconfig')];
    const tls = ['--tls-cert-file', join(pki, 'kubelet-node-0.crt'), '--tls-private-key-file'];
    const keys = [...tls, join(pki, 'kubelet-node-0.key'), '--client-ca-file', join(pki, 'ca.crt')];
    this.spawn(
      'kubelet',
      '--kubeconfig',
      this.#nodeKubeconfig,
      '--node-name',
      'node-0',
      '--root-dir',
      path('k'),
      '--port',
      '0',
      ...keys,
    );
    const sockets = ['--kubelet-registration-path', path('n.sock'), '--csi-address', path('c.sock')];
    const asUpstream = ['--leader-election', '--leader-election-labels=app=csi', '--http-endpoint=127.0.0.1:0'];
    const features = ['--feature-gates=Topology=true'];
    const registry = ['--plugin-registration-path', path('k', 'plugins_registry')];
    this.spawn('csi-sidecar', ...admin, ...sockets, ...registry, ...asUpstream, ...features, '--worker-threads=10');
    await this.kubectl(['apply', '-f', '-'], driverObjects);
    await this.until(
      ['get', 'csinodes', '-o', 'jsonpath={.items[*].spec.drivers[*].name}'],
      (out) => out === 'hostpath.csi.k8s.io',
    );
  }

  readonly path = (...names: string[]): string => join(this.directory, ...names);

  #pki(name: string): string {
    return readFileSync(this.path('data', 'pki', name), 'utf8');
  }

  spawn(...args: string[]): RoleChild {
    return this.#spawn(process.execPath, [programEntry(), ...args], 0);
  }

  /** A program that is not ours. */
  spawnProgram(command: string, ...args: string[]): RoleChild {
    return this.#spawn(command, args, 0);
  }

  #spawn(command: string, args: readonly string[], port: number): RoleChild {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const started: RoleChild = { child, port, log: '' };
    const note = (text: string) => {
      started.log += text;
    };
    child.stdout?.setEncoding('utf8').on('data', note);
    child.stderr?.setEncoding('utf8').on('data', note);
    this.#children.push(started);
    return started;
  }

  /** A role with the flags of a static pod and a user of its own: `system:kube-scheduler`. */
  async startComponent(role: 'controller-manager' | 'scheduler', ...flags: string[]): Promise<RoleChild> {
    const port = await freePort();
    const kubeconfig = await this.kubeconfigOf(`system:kube-${role}`);
    const common = ['--kubeconfig', kubeconfig, '--authentication-kubeconfig', kubeconfig, '--bind-address=127.0.0.1'];
    const serving = [
      `--secure-port=${port}`,
      '--client-ca-file',
      this.path('data', 'pki', 'ca.crt'),
      '--leader-elect=true',
    ];
    const args = [role, ...common, '--authorization-kubeconfig', kubeconfig, ...serving, ...flags];
    return this.#spawn(process.execPath, [programEntry(), ...args], port);
  }

  /** A kubeconfig of that user. */
  async kubeconfigOf(user: string, ...organizations: string[]): Promise<string> {
    const file = this.path(`${user.replaceAll(':', '-')}.conf`);
    if (existsSync(file)) return file;
    const authority = { certificate: this.#pki('ca.crt'), key: this.#pki('ca.key') };
    const pair = await issueCertificate(
      authority,
      { commonName: user, organizations },
      { clock: realClock, random: realRandom },
    );
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const admin = readFileSync(this.path('kubeconfig'), 'utf8');
    const own = admin
      .replace(/client-certificate-data: .*/, `client-certificate-data: ${base64(pair.certificate)}`)
      .replace(/client-key-data: .*/, `client-key-data: ${base64(pair.key)}`);
    writeFileSync(file, own);
    return file;
  }

  kubectl(args: string[], input?: string) {
    return run(existsSync('.cache/kubectl') ? '.cache/kubectl' : 'kubectl', args, {
      env: { ...process.env, KUBECONFIG: this.path('kubeconfig'), HOME: this.directory },
      ...(input === undefined ? {} : { input }),
    });
  }

  async until(args: string[], accept: (out: string) => boolean): Promise<string> {
    for (let tries = 0; tries < 600; tries++) {
      const { stdout } = await this.kubectl(args);
      if (accept(stdout)) return stdout;
      await delay(100);
    }
    throw new Error(`kubectl ${args.join(' ')} does not come to what is expected:\n${this.log}`);
  }

  /**
   * Applies a StatefulSet of two pods that log to their volumes; a pod that is deleted comes back with its log; once all
   * is deleted there is no volume, no attachment and no mount.
   */
  async goThroughSixSteps(): Promise<void> {
    const manifest = join(import.meta.dirname, '..', '..', '..', 'examples', 'statefulset.yaml');
    const running = (out: string) => (out.match(/1\/1\s+Running/g) ?? []).length === 2;
    const gone = (out: string) => out === '';
    const firstLine = ['exec', 'web-0', '--', 'head', '-n', '1', '/data/log'];
    await this.kubectl(['apply', '-f', manifest]);
    await this.until(['get', 'pods'], running);
    const first = await this.until(firstLine, (out) => out !== '');
    const attached = ['get', 'volumeattachments', '-o', 'jsonpath={.items[*].status.attached}'];
    await this.until(attached, (out) => out === 'true true');
    await this.kubectl(['delete', 'pod', 'web-0']);
    await this.until(['get', 'pods'], running);
    expect(await this.until(firstLine, (out) => out !== '')).toBe(first);
    await this.kubectl(['delete', 'statefulset', 'web']);
    await this.until(['get', 'pods', '--no-headers'], gone);
    await this.kubectl(['delete', 'pvc', '--all']);
    await this.until(['get', 'pv,volumeattachments', '--no-headers'], gone);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(this.directory);
  }

  /** Who holds the lease of a role. */
  async leader(role: string): Promise<string> {
    const path = '-o=jsonpath={.spec.holderIdentity}';
    return (await this.kubectl(['-n', 'kube-system', 'get', 'lease', `kube-${role}`, path])).stdout;
  }

  /** Asks a role's endpoint, with the administrator's certificate unless told otherwise. */
  get({ port }: RoleChild, path: string, as: 'admin' | 'nobody' = 'admin'): Promise<{ code: number; body: string }> {
    const keys = as === 'admin' ? { cert: this.#admin?.certificate, key: this.#admin?.key } : {};
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...keys };
      const sent = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
      });
      sent.on('error', reject).end();
    });
  }

  get log(): string {
    return this.#children.map(({ child, log }) => `== ${child.spawnargs.slice(0, 3).join(' ')}\n${log}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The node first: it unmounts through its driver.
    const kubelet = this.#children.filter(({ child }) => child.spawnargs.includes('kubelet'));
    const rest = this.#children.filter(({ child }) => !child.spawnargs.includes('kubelet'));
    for (const { child } of [...kubelet, ...rest.reverse()]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
  }
}
