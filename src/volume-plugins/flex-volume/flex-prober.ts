/**
 * The plugins of the FlexVolume drivers of a node: of those that are installed, and of those that have left volumes
 * here. A driver that is gone or does not answer keeps what it has mounted: it is in use until it can be unmounted.
 */
import { join } from 'node:path';
import { exists, type Fs, ifExists } from '../../base/index.ts';
import { podsDir, podVolumesDir, unescapePluginName } from '../paths.ts';
import type { VolumePlugin } from '../plugin.ts';
import type { DynamicPluginProber } from '../plugin-manager.ts';
import type { VolumeHost } from '../volume-host.ts';
import { isDriverName } from './driver-name.ts';
import type { InstalledDrivers } from './flex-drivers.ts';
import { deviceMountsDir, flexDir } from './flex-paths.ts';
import { createFlexPlugin } from './flex-plugin.ts';

export class FlexProber implements DynamicPluginProber {
  readonly #host: VolumeHost;
  readonly #drivers: InstalledDrivers;
  readonly #known = new Set<string>();

  constructor(host: VolumeHost, drivers: InstalledDrivers) {
    this.#host = host;
    this.#drivers = drivers;
  }

  /** Must be called before reconstruction: volumes that were left are told apart by their plugins. */
  async prepare(): Promise<void> {
    await this.#drivers.ready();
    for (const name of await this.#driversOnDisk()) await this.#addLeft(name);
  }

  probe() {
    const addOrUpdate = this.#drivers.names().filter((name) => !this.#known.has(name));
    return {
      addOrUpdate: [...this.#pending.splice(0), ...addOrUpdate.map((name) => this.#create(name, true))],
      remove: [],
    };
  }

  readonly #pending: VolumePlugin[] = [];

  async #addLeft(name: string): Promise<void> {
    if (this.#known.has(name) || this.#drivers.find(name)) return;
    const wasAttachable = await exists(this.#host.fs, deviceMountsDir(this.#host.rootDir, name));
    this.#pending.push(this.#create(name, wasAttachable));
  }

  #create(driverName: string, wasAttachable: boolean): VolumePlugin {
    this.#known.add(driverName);
    return createFlexPlugin({ host: this.#host, drivers: this.#drivers, driverName, wasAttachable });
  }

  async #driversOnDisk(): Promise<ReadonlySet<string>> {
    const { fs, rootDir } = this.#host;
    const names = new Set<string>();
    for (const podUid of await directoriesIn(fs, podsDir(rootDir))) {
      for (const dir of await directoriesIn(fs, podVolumesDir(rootDir, podUid))) names.add(unescapePluginName(dir));
    }
    for (const first of await directoriesIn(fs, flexDir(rootDir))) {
      const below = await directoriesIn(fs, join(flexDir(rootDir), first));
      if (below.includes('mounts')) names.add(first);
      else for (const second of below) names.add(`${first}/${second}`);
    }
    return new Set([...names].filter(isDriverName));
  }
}

async function directoriesIn(fs: Fs, path: string): Promise<readonly string[]> {
  const entries = (await ifExists(fs.readdir(path, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
