/**
 * What controllers ask of FlexVolume drivers that are installed beside them: to attach and detach volumes, and to grow
 * them. Upstream: pkg/volume/flexvolume/attacher.go, detacher.go, expander.go.
 */
import { join } from 'node:path';
import { finalError, transientError } from '../errors.ts';
import type { VolumeSpec } from '../volume-spec.ts';
import { parseFlexVolumeName } from './driver-name.ts';
import { driverOptions, flexSourceOf } from './driver-options.ts';
import type { FlexDriver } from './flex-driver.ts';
import type { InstalledDrivers } from './flex-drivers.ts';
import { findFlexSource } from './flex-source.ts';

export interface FlexGrowth {
  readonly newSizeBytes: bigint;
  readonly oldSizeBytes: bigint;
}

/** Every call rejects with a VolumeError. */
export class FlexControllerPlugin {
  readonly #drivers: InstalledDrivers;
  /** A driver that is taken away for a moment does not make its volumes unattached. */
  readonly #attachable = new Set<string>();

  constructor(drivers: InstalledDrivers) {
    this.#drivers = drivers;
  }

  /** Whether the volume is one that a driver here attaches to nodes. */
  isAttachable(spec: VolumeSpec): boolean {
    const source = findFlexSource(spec);
    return source !== undefined && this.attaches(source.driver);
  }

  attaches(driverName: string): boolean {
    const driver = this.#drivers.find(driverName);
    if (driver?.capabilities.attach) this.#attachable.add(driverName);
    else if (driver) this.#attachable.delete(driverName);
    return this.#attachable.has(driverName);
  }

  /** Resolves when it is known what is installed. */
  async ready(): Promise<void> {
    await this.#drivers.ready();
  }

  isInstalled(driverName: string): boolean {
    return this.#drivers.find(driverName) !== undefined;
  }

  onChange(listener: (driverName: string) => void): Disposable {
    return this.#drivers.onChange(listener);
  }

  /** Answers the path of the device on the node; '' when the driver names none. */
  async attach(spec: VolumeSpec, node: string, signal: AbortSignal): Promise<string> {
    const driver = this.#driverOf(spec);
    const options = driverOptions(spec);
    // Upstream asks and goes by the volume's own name whatever the answer is.
    await driver.call({ command: 'getvolumename', args: [options], signal });
    const answer = await driver.call({ command: 'attach', args: [options, node], signal });
    return answer === 'notSupported' ? '' : answer.device;
  }

  /** By the name that nodes list: nothing more may be known of the volume any longer. */
  async detach(uniqueName: string, node: string, signal: AbortSignal): Promise<void> {
    const parsed = parseFlexVolumeName(uniqueName);
    if (!parsed) throw finalError(`${uniqueName} is no FlexVolume`);
    await this.#find(parsed.driver).call({ command: 'detach', args: [parsed.volume, node], signal });
  }

  /** Undefined when the driver cannot tell. */
  async isAttached(spec: VolumeSpec, node: string, signal: AbortSignal): Promise<boolean | undefined> {
    const driver = this.#driverOf(spec);
    const answer = await driver.call({ command: 'isattached', args: [driverOptions(spec), node], signal });
    return answer === 'notSupported' ? undefined : answer.attached;
  }

  /** Whether the node has a part in growing the volume. */
  requiresFsResize(spec: VolumeSpec): boolean {
    return this.#driverOf(spec).capabilities.requiresFsResize;
  }

  async expandVolume(spec: VolumeSpec, { newSizeBytes, oldSizeBytes }: FlexGrowth, signal: AbortSignal): Promise<void> {
    const driver = this.#driverOf(spec);
    // Upstream: a controller has no directory of its own that the path would begin with.
    const devicePath = join(driver.name, 'mounts', spec.name);
    const args = [driverOptions(spec), devicePath, String(newSizeBytes), String(oldSizeBytes)];
    await driver.call({ command: 'expandvolume', args, signal });
  }

  #driverOf(spec: VolumeSpec): FlexDriver {
    return this.#find(flexSourceOf(spec).driver);
  }

  #find(driverName: string): FlexDriver {
    const driver = this.#drivers.find(driverName);
    if (!driver) throw transientError(`FlexVolume driver "${driverName}" is not installed beside the controller`);
    return driver;
  }
}
