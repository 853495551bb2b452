/**
 * A machine as its node agent finds it: files, a mount table, containers, and the node's half of a CSI driver. All of it
 * outlives the agent. What the machine itself can lose is lost when its power goes.
 */

import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/base/index.ts';
import type { ContainerConfig } from '../../../src/kubelet/runtime/runtime.ts';
import { FakeRuntime } from '../../../src/kubelet/runtime/testing.ts';
import { isWithin } from '../../../src/mount/index.ts';
import { MachineMounter } from './machine-mounter.ts';
import { NodeDriver } from './node-driver.ts';

/** Devices of attached volumes get the first free name, which may have been another volume's before. */
const deviceNames = ['sdb', 'sdc', 'sdd', 'sde', 'sdf', 'sdg', 'sdh', 'sdi'].map((name) => `/dev/${name}`);

export class Machine implements Disposable {
  readonly name: string;
  readonly rootDir = mkdtempSync(join(tmpdir(), 'stowage-machine-'));
  readonly driver: NodeDriver;
  runtime: FakeRuntime;
  mounter = new MachineMounter();
  /** Hears of each container before it starts. */
  onStart: (config: ContainerConfig) => void = () => {};
  bootCount = 1;
  isOn = true;
  readonly #clock: Clock;
  /** Volume ids by device. */
  readonly #devices = new Map<string, string>();

  constructor(name: string, driverName: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
    this.runtime = this.#newRuntime();
    this.driver = new NodeDriver(this, driverName, clock);
  }

  /** Leaves the driver's registration socket where the agent finds it. Nobody listens: calls are made in this process. */
  async registerDriver(): Promise<void> {
    const directory = join(this.rootDir, 'plugins_registry');
    mkdirSync(directory, { recursive: true });
    const made = join(this.rootDir, 'made.sock');
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(made, resolve));
    linkSync(made, join(directory, 'driver-reg.sock'));
    await new Promise((resolve) => void server.close(resolve));
  }

  /** A volume's device appears. */
  plug(volumeId: string): string {
    const known = this.deviceOf(volumeId);
    const device = known ?? deviceNames.find((name) => !this.#devices.has(name)) ?? '/dev/none';
    this.#devices.set(device, volumeId);
    return device;
  }

  unplug(volumeId: string): void {
    const device = this.deviceOf(volumeId);
    if (device) this.#devices.delete(device);
  }

  deviceOf(volumeId: string): string | undefined {
    return [...this.#devices].find(([, held]) => held === volumeId)?.[0];
  }

  volumeAt(device: string): string | undefined {
    return this.#devices.get(device);
  }

  /** Ids of the driver's volumes that are mounted, by where. */
  get mounts(): ReadonlyMap<string, string> {
    const volumes = this.mounter.mounted.filter(({ fsType }) => fsType !== 'tmpfs');
    return new Map(volumes.map(({ path, source }) => [path, source]));
  }

  /** The names under which volumes are known that are mounted, by where. */
  get mounted(): ReadonlyMap<string, readonly string[]> {
    const nameOf = (volumeId: string) => `kubernetes.io/csi/${this.driver.name}^${volumeId}`;
    return new Map([...this.mounts].map(([path, volumeId]) => [path, [nameOf(volumeId)]]));
  }

  /** Containers that run, with what they were started with. */
  async runningContainers(): Promise<readonly ContainerConfig[]> {
    const running = new Set((await this.runtime.list()).flatMap(({ id, state }) => (state === 'running' ? [id] : [])));
    return this.runtime.started.filter(({ id }) => running.has(id));
  }

  findMountAround(path: string): string | undefined {
    return [...this.mounts.keys()].find((mount) => mount !== path && isWithin(mount, path));
  }

  /** Whether anything of a pod is on the disk. */
  hasPods(): boolean {
    return readdirSync(join(this.rootDir, 'pods')).length > 0;
  }

  /** Directories of volumes that are staged, or were. */
  globalMounts(): string[] {
    const directory = join(this.rootDir, 'plugins/kubernetes.io/csi', this.driver.name);
    return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
  }

  /** What is mounted and what runs is gone; files stay. */
  losePower(): void {
    this.isOn = false;
    this.mounter.losePower();
    this.mounter = new MachineMounter();
    this.runtime = this.#newRuntime();
  }

  #newRuntime(): FakeRuntime {
    const runtime = new FakeRuntime(this.#clock);
    runtime.behave = (config) => {
      this.onStart(config);
      return {};
    };
    return runtime;
  }

  boot(): void {
    this.bootCount++;
    this.isOn = true;
  }

  [Symbol.dispose](): void {
    rmSync(this.rootDir, { recursive: true, force: true });
  }
}
