/** The node's half of a CSI driver: what it mounts is in the machine's mount table. It survives the node agent. */
import { lstatSync, mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../../src/base/index.ts';
import {
  Code,
  type CsiConnection,
  CsiError,
  directConnection,
  Node,
  NodeCapability,
  Registration,
  serve,
} from '../../../src/csi/index.ts';
import type { Mounter } from '../../../src/mount/index.ts';

/** The machine that the driver runs on. */
interface DriverHost {
  readonly name: string;
  readonly isOn: boolean;
  readonly mounter: Mounter;
}

export interface NodeCall {
  readonly method: string;
  readonly volumeId: string;
  readonly path: string;
  /** Where the device of the volume is said to be; NodeStageVolume only. */
  readonly device?: string;
}

export class NodeDriver {
  readonly name: string;
  readonly connection: CsiConnection;
  readonly calls: NodeCall[] = [];
  /** Every call of the agent, those included that only ask. */
  rpcs = 0;
  /** Hears of each call before it takes effect. */
  onCall: (call: NodeCall) => Promise<void> = async () => {};
  /** Thrown by the next calls, before any effect. */
  readonly refusals: CsiError[] = [];
  /** Thrown by the next calls, after their effect. */
  readonly lostReplies: CsiError[] = [];
  /** Sizes by volume id that were asked for on this node, in bytes. */
  readonly grown = new Map<string, bigint>();
  readonly #machine: DriverHost;

  constructor(machine: DriverHost, name: string, clock: Clock) {
    this.name = name;
    this.#machine = machine;
    const onCall = () => void this.rpcs++;
    this.connection = directConnection({ clock, services: [this.#registration(), this.#service()], onCall });
  }

  #registration() {
    return serve(Registration, {
      getInfo: async () => ({ type: 'CSIPlugin', name: this.name, endpoint: '', supportedVersions: ['1.0.0'] }),
      notifyRegistrationStatus: async () => ({}),
    });
  }

  #service() {
    const capabilities = [NodeCapability.STAGE_UNSTAGE_VOLUME, NodeCapability.EXPAND_VOLUME];
    return serve(Node, {
      nodeGetInfo: async () => ({ nodeId: this.#machine.name }),
      nodeGetCapabilities: async () => ({
        capabilities: capabilities.map((type) => ({ type: { case: 'rpc' as const, value: { type } } })),
      }),
      nodeStageVolume: async ({ volumeId, stagingTargetPath: path, publishContext }) => {
        await this.#begin({ method: 'NodeStageVolume', volumeId, path, device: publishContext.device ?? '' });
        return await this.#mount(volumeId, path);
      },
      nodeUnstageVolume: async ({ volumeId, stagingTargetPath: path }) => {
        await this.#begin({ method: 'NodeUnstageVolume', volumeId, path });
        return await this.#unmount(path);
      },
      nodePublishVolume: async ({ volumeId, targetPath: path, volumeCapability }) => {
        await this.#begin({ method: 'NodePublishVolume', volumeId, path });
        return await this.#mount(volumeId, path, volumeCapability?.accessType.case === 'block');
      },
      nodeUnpublishVolume: async ({ volumeId, targetPath: path }) => {
        await this.#begin({ method: 'NodeUnpublishVolume', volumeId, path });
        return await this.#unmount(path);
      },
      nodeExpandVolume: async ({ volumeId, volumePath: path, capacityRange }) => {
        await this.#begin({ method: 'NodeExpandVolume', volumeId, path });
        this.grown.set(volumeId, capacityRange?.requiredBytes ?? 0n);
        return this.#end({ capacityBytes: capacityRange?.requiredBytes ?? 0n });
      },
    });
  }

  async #begin(call: NodeCall): Promise<void> {
    this.calls.push(call);
    await this.onCall(call);
    if (!this.#machine.isOn) throw new CsiError(Code.UNAVAILABLE, 'the machine is off');
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
  }

  /** A device is mounted over a file. */
  async #mount(volumeId: string, target: string, isDevice = false) {
    const { mounter } = this.#machine;
    if (isDevice) writeFileSync(target, '');
    else mkdirSync(target, { recursive: true });
    if (!(await mounter.isMountPoint(target))) await mounter.mount({ source: volumeId, target, fsType: 'ext4' });
    return this.#end({});
  }

  async #unmount(target: string) {
    const { mounter } = this.#machine;
    if (await mounter.isMountPoint(target)) await mounter.unmount(target);
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (found?.isDirectory()) rmdirSync(target);
    else if (found) unlinkSync(target);
    return this.#end({});
  }

  #end<T>(answer: T): T {
    const lost = this.lostReplies.shift();
    if (lost) throw lost;
    return answer;
  }
}
