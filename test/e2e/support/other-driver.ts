/**
 * A CSI driver that shares nothing with the bundled one: volumes are directories it bind-mounts. Started as a process:
 * `node other-driver.ts SOCKET STATE_DIR NAME attach|no-attach LOG`. Each call is a line in the log. When the file
 * `<state>/die-in` names a call, the driver dies in the middle of the next such call, once.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { realClock, realFs } from '../../../src/base/index.ts';
import {
  Code,
  Controller,
  ControllerCapability,
  CsiError,
  Identity,
  Node,
  NodeCapability,
  PluginService,
  serve,
  startServer,
} from '../../../src/csi/index.ts';

const [, , socket = '', state = '', name = '', attach = '', log = ''] = process.argv;
mkdirSync(state, { recursive: true });

function note(method: string, detail: string): void {
  appendFileSync(log, `${method} ${detail}\n`);
  const order = join(state, 'die-in');
  if (existsSync(order) && readFileSync(order, 'utf8').trim() === method) {
    rmSync(order);
    process.exit(1);
  }
}

function must(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new CsiError(Code.INTERNAL, `${command}: ${stderr}`);
}

function isMounted(path: string): boolean {
  return spawnSync('mountpoint', ['-q', path]).status === 0;
}

const identity = serve(Identity, {
  getPluginInfo: async () => ({ name, vendorVersion: '9' }),
  getPluginCapabilities: async () => ({
    capabilities: [{ type: { case: 'service' as const, value: { type: PluginService.CONTROLLER_SERVICE } } }],
  }),
  probe: async () => ({ ready: true }),
});

const controllerTypes = [
  ControllerCapability.CREATE_DELETE_VOLUME,
  ...(attach === 'attach' ? [ControllerCapability.PUBLISH_UNPUBLISH_VOLUME] : []),
];

const controller = serve(Controller, {
  controllerGetCapabilities: async () => ({
    capabilities: controllerTypes.map((type) => ({ type: { case: 'rpc' as const, value: { type } } })),
  }),
  createVolume: async ({ name: volumeId, capacityRange }) => {
    note('CreateVolume', volumeId);
    mkdirSync(join(state, volumeId), { recursive: true });
    return { volume: { volumeId, capacityBytes: capacityRange?.requiredBytes ?? 0n, volumeContext: { made: 'here' } } };
  },
  deleteVolume: async ({ volumeId }) => {
    note('DeleteVolume', volumeId);
    rmSync(join(state, volumeId), { recursive: true, force: true });
    return {};
  },
  controllerPublishVolume: async ({ volumeId, nodeId }) => {
    note('ControllerPublishVolume', `${volumeId} ${nodeId}`);
    return { publishContext: { slot: '7' } };
  },
  controllerUnpublishVolume: async ({ volumeId, nodeId }) => {
    note('ControllerUnpublishVolume', `${volumeId} ${nodeId}`);
    return {};
  },
});

const node = serve(Node, {
  nodeGetInfo: async () => ({ nodeId: 'the-node' }),
  nodeGetCapabilities: async () => ({
    capabilities: [{ type: { case: 'rpc' as const, value: { type: NodeCapability.STAGE_UNSTAGE_VOLUME } } }],
  }),
  nodeStageVolume: async ({ volumeId, publishContext, volumeContext }) => {
    note('NodeStageVolume', `${volumeId} slot=${publishContext.slot ?? ''} made=${volumeContext.made ?? ''}`);
    return {};
  },
  nodeUnstageVolume: async ({ volumeId }) => {
    note('NodeUnstageVolume', volumeId);
    return {};
  },
  nodePublishVolume: async ({ volumeId, targetPath }) => {
    note('NodePublishVolume', volumeId);
    mkdirSync(targetPath, { recursive: true });
    if (!isMounted(targetPath)) must('mount', '--bind', join(state, volumeId), targetPath);
    return {};
  },
  nodeUnpublishVolume: async ({ volumeId, targetPath }) => {
    note('NodeUnpublishVolume', volumeId);
    if (isMounted(targetPath)) must('umount', targetPath);
    rmSync(targetPath, { recursive: true, force: true });
    return {};
  },
});

await startServer({ path: socket, services: [identity, controller, node], clock: realClock, fs: realFs });
process.stdout.write('serving\n');
