/** A CSI driver in this process whose mounts go to a fake mount table. Records its calls, and fails when told to. */
import { mkdir, rmdir } from 'node:fs/promises';
import type { Clock } from '../../../base/index.ts';
import {
  Code,
  type CsiConnection,
  CsiError,
  directConnection,
  Node,
  NodeCapability,
  type NodeExpandVolumeRequest,
  type NodePublishVolumeRequest,
  type NodeStageVolumeRequest,
  serve,
} from '../../../csi/index.ts';
import type { FakeMounter } from '../../../mount/index.ts';

export interface FakeCsiDriverOptions {
  readonly clock: Clock;
  readonly mounter: FakeMounter;
  readonly capabilities?: readonly NodeCapability[];
}

type Hook = (method: string) => Promise<void> | void;

export class FakeCsiDriver {
  readonly connection: CsiConnection;
  readonly calls: string[] = [];
  readonly staged: NodeStageVolumeRequest[] = [];
  readonly published: NodePublishVolumeRequest[] = [];
  readonly expanded: NodeExpandVolumeRequest[] = [];
  /** What NodeExpandVolume says that the volume has now; 0 says nothing. */
  expandedToBytes = 0n;
  /** Runs before a call has its effect. */
  before: Hook = () => {};
  /** Runs after the effect, before the answer. */
  after: Hook = () => {};

  constructor(options: FakeCsiDriverOptions) {
    const { clock, mounter, capabilities = [NodeCapability.STAGE_UNSTAGE_VOLUME] } = options;
    const mount = async (volumeId: string, target: string) => {
      if (await mounter.isMountPoint(target)) return;
      await mkdir(target, { recursive: true });
      await mounter.mount({ source: volumeId, target, fsType: 'ext4' });
    };
    const unmount = async (target: string) => {
      if (await mounter.isMountPoint(target)) await mounter.unmount(target);
      await rmdir(target).catch(() => {});
    };
    const call = async (name: string, effect: () => Promise<unknown>) => {
      this.calls.push(name);
      await this.before(name);
      await clock.boundary(effect());
      await this.after(name);
      return {};
    };
    const handlers = serve(Node, {
      nodeGetCapabilities: async () => ({
        capabilities: capabilities.map((type) => ({ type: { case: 'rpc' as const, value: { type } } })),
      }),
      nodeStageVolume: (request) => {
        this.staged.push(request);
        return call('NodeStageVolume', () => mount(request.volumeId, request.stagingTargetPath));
      },
      nodeUnstageVolume: (request) => call('NodeUnstageVolume', () => unmount(request.stagingTargetPath)),
      nodePublishVolume: (request) => {
        this.published.push(request);
        return call('NodePublishVolume', () => mount(request.volumeId, request.targetPath));
      },
      nodeUnpublishVolume: (request) => call('NodeUnpublishVolume', () => unmount(request.targetPath)),
      nodeExpandVolume: async (request) => {
        this.expanded.push(request);
        await call(`NodeExpandVolume ${request.capacityRange?.requiredBytes}`, async () => undefined);
        return { capacityBytes: this.expandedToBytes };
      },
    });
    this.connection = directConnection({ clock, services: [handlers] });
  }

  /** Fails the calls of a method with a gRPC code, before they have an effect. */
  failBefore(method: string, code: number, times = 1): void {
    let left = times;
    this.before = (name) => {
      if (name === method && left-- > 0) throw new CsiError(code, 'told to fail');
    };
  }

  /** Lets calls of a method have their effect and lose their answer. */
  loseAnswer(method: string, times = 1): void {
    let left = times;
    this.after = (name) => {
      if (name === method && left-- > 0) throw new CsiError(Code.DEADLINE_EXCEEDED, 'context deadline exceeded');
    };
  }
}
