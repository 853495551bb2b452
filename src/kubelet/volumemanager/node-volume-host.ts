import { type CSIDriver, configMaps, type Node, secrets, volumeAttachments } from '../../api/index.ts';
import type { Clock, Exec, Fs, Logger, Random } from '../../base/index.ts';
import type { Client, EventRecorder, Informer } from '../../client/index.ts';
import type { Mounter } from '../../mount/index.ts';
import type { CsiDriverRegistry, VolumeHost } from '../../volume-plugins/index.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const bootIdPath = '/proc/sys/kernel/random/boot_id';

export interface NodeVolumeHostOptions {
  readonly nodeName: string;
  readonly rootDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly exec: Exec;
  readonly mounter: Mounter;
  readonly logger: Logger;
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly csiDriverInformer: Informer<CSIDriver>;
  readonly csiDrivers: CsiDriverRegistry;
  readonly tokens: ServiceAccountTokens;
  readonly findNode: () => Node | undefined;
  /** The running kernel's id when it is not the machine's: a simulated node has its own. */
  readonly bootId?: (() => Promise<string>) | undefined;
}

/** What the agent lends to its volume plugins, over its client and caches. */
export function createNodeVolumeHost(options: NodeVolumeHostOptions): VolumeHost {
  const { client, csiDriverInformer, recorder, tokens, findNode, fs } = options;
  const readBootId = async () => (await fs.readFile(bootIdPath, 'utf8')).trim();
  return {
    nodeName: options.nodeName,
    rootDir: options.rootDir,
    clock: options.clock,
    random: options.random,
    fs,
    exec: options.exec,
    mounter: options.mounter,
    logger: options.logger,
    csiDrivers: options.csiDrivers,
    bootId: options.bootId ?? readBootId,
    getSecret: (namespace, name) => client.get(secrets, { namespace, name }),
    getConfigMap: (namespace, name) => client.get(configMaps, { namespace, name }),
    getServiceAccountToken: (request) => tokens.get(request),
    getVolumeAttachment: (name) => client.get(volumeAttachments, { name }),
    findCsiDriver: (name) => csiDriverInformer.get(name),
    csiDriversSynced: () => csiDriverInformer.hasSynced,
    nodeAllocatable: () => findNode()?.status?.allocatable ?? {},
    recordPodEvent: (pod, type, reason, message) => recorder.event(pod, type, reason, message),
  };
}
