/** The node calls of one registered CSI driver, with answers turned into what they say about the mount. */

import type { CsiConnection } from '../../csi/index.ts';
import {
  AccessMode,
  CsiError,
  codeName,
  createCsiClient,
  isFinalError,
  Node,
  NodeCapability,
  type NodeClient,
  readNodeCapabilities,
  toCsiAccessMode,
} from '../../csi/index.ts';
import { transientError, VolumeError } from '../errors.ts';
import type { CsiDriverRegistry } from '../volume-host.ts';
import type { CsiSource } from './csi-source.ts';

/** Upstream's csiTimeout. A call that takes longer may still have its effect. */
export const csiTimeoutMs = 120_000;

export type NodeCapabilities = ReadonlySet<NodeCapability>;

/** The driver's failure with what it means for the volume: see VolumeError. */
export function fromCsiError(thrown: unknown): VolumeError {
  if (thrown instanceof VolumeError) return thrown;
  const error = CsiError.from(thrown);
  return new VolumeError(isFinalError(error) ? 'final' : 'uncertain', error.message, {
    cause: error,
    grpcCode: codeName(error.code),
  });
}

export interface VolumeCapabilityOptions {
  readonly block: boolean;
  /** fsGroup for a driver that applies it itself. */
  readonly volumeMountGroup?: string | undefined;
}

export class CsiNodeDriver {
  readonly name: string;
  readonly client: NodeClient;
  readonly capabilities: NodeCapabilities;

  constructor(name: string, client: NodeClient, capabilities: NodeCapabilities) {
    this.name = name;
    this.client = client;
    this.capabilities = capabilities;
  }

  can(capability: NodeCapability): boolean {
    return this.capabilities.has(capability);
  }

  get stages(): boolean {
    return this.can(NodeCapability.STAGE_UNSTAGE_VOLUME);
  }

  /** The group as text when the driver wants to apply it itself. */
  mountGroup(fsGroup: number | undefined): string | undefined {
    return fsGroup !== undefined && this.can(NodeCapability.VOLUME_MOUNT_GROUP) ? String(fsGroup) : undefined;
  }

  volumeCapability(source: CsiSource, options: VolumeCapabilityOptions) {
    const mode = toCsiAccessMode(source.accessMode, this.can(NodeCapability.SINGLE_NODE_MULTI_WRITER));
    const accessMode = { mode: mode ?? AccessMode.UNKNOWN };
    if (options.block) return { accessMode, accessType: { case: 'block' as const, value: {} } };
    const { fsType, mountOptions } = source;
    const volumeMountGroup = options.volumeMountGroup ?? '';
    const value = { fsType, mountFlags: [...mountOptions], volumeMountGroup };
    return { accessMode, accessType: { case: 'mount' as const, value } };
  }
}

/** Looks drivers up and remembers what each connection answered about its capabilities. */
export class CsiNodeDrivers {
  readonly #registry: CsiDriverRegistry;
  readonly #drivers = new WeakMap<CsiConnection, Promise<CsiNodeDriver>>();

  constructor(registry: CsiDriverRegistry) {
    this.#registry = registry;
  }

  /** Rejects with a transient VolumeError while the driver is not registered or does not answer. */
  async get(name: string, caller: string): Promise<CsiNodeDriver> {
    const connection = this.#registry.find(name);
    if (!connection) {
      throw transientError(
        `kubernetes.io/csi: ${caller} failed to get CSI client: driver name ${name} not found in the list of registered CSI drivers`,
      );
    }
    const known = this.#drivers.get(connection) ?? this.#ask(name, connection);
    this.#drivers.set(connection, known);
    try {
      return await known;
    } catch (thrown) {
      this.#drivers.delete(connection);
      const error = CsiError.from(thrown);
      throw new VolumeError('transient', `kubernetes.io/csi: ${caller} failed to get capabilities: ${error.message}`, {
        cause: error,
        grpcCode: codeName(error.code),
      });
    }
  }

  async #ask(name: string, connection: CsiConnection): Promise<CsiNodeDriver> {
    const client = createCsiClient(Node, connection, { timeoutMs: csiTimeoutMs });
    return new CsiNodeDriver(name, client, readNodeCapabilities(await client.nodeGetCapabilities({})));
  }
}
