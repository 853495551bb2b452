/** hostPath volumes as a controller handles them: for tests and single machines, below /tmp. Upstream: host_path.go. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import {
  annCreatedBy,
  type Draft,
  type HostPathVolumeSource,
  type PersistentVolume,
  quantityValue,
} from '../../api/index.ts';
import { ifExists } from '../../base/index.ts';
import { finalError } from '../errors.ts';
import { hostPathPluginName } from '../host-path/host-path-plugin.ts';
import type { ControllerPlugin, ControllerPluginHost, ProvisionRequest } from './controller-plugin.ts';
import { hostPathIntents, noteIntent } from './host-path-intents.ts';
import { type RecyclerConfig, recyclerPod } from './recycler-pod.ts';

const provisionedRoot = '/tmp/hostpath_pv';
const deletableRoot = '/tmp';

export interface HostPathControllerConfig {
  readonly provisioning: boolean;
  readonly recycler: RecyclerConfig;
}

export function createHostPathControllerPlugin(
  host: ControllerPluginHost,
  config: HostPathControllerConfig,
): ControllerPlugin {
  return {
    name: hostPathPluginName,
    canSupport: (volume) => volume.spec.hostPath !== undefined,
    supportsMountOption: false,
    provisioningDisabled: !config.provisioning,
    provision: (request) => provision(host, request),
    intents: hostPathIntents(host, provisionedRoot),
    delete: (volume) => deletePath(host, hostPathOf(volume)),
    recyclerPod: (volume) => recyclerPod(config.recycler, volume, { hostPath: { path: hostPathOf(volume).path } }),
  };
}

function hostPathOf(volume: PersistentVolume): HostPathVolumeSource {
  if (!volume.spec.hostPath) throw finalError('spec.PersistentVolumeSource.HostPath is nil');
  return volume.spec.hostPath;
}

/** The directory is named by the claim's uid: when the controller dies before the volume is written, it is found again. */
async function provision(
  host: ControllerPluginHost,
  { claim, volumeName, reclaimPolicy }: ProvisionRequest,
): Promise<Draft<PersistentVolume>> {
  if (claim.spec.volumeMode === 'Block') {
    throw finalError(`${hostPathPluginName} does not support block volume provisioning`);
  }
  const path = join(provisionedRoot, claim.metadata.uid);
  const storage = claim.spec.resources?.requests?.storage ?? '0';
  await noteIntent(host, provisionedRoot, claim.metadata.uid);
  await host.clock.boundary(host.fs.mkdir(path, { recursive: true, mode: 0o750 }));
  return {
    metadata: { name: volumeName, annotations: { [annCreatedBy]: 'hostpath-dynamic-provisioner' } },
    spec: {
      persistentVolumeReclaimPolicy: reclaimPolicy,
      accessModes: claim.spec.accessModes?.length ? claim.spec.accessModes : ['ReadWriteOnce'],
      capacity: { storage: quantityValue(storage) > 0n ? storage : '0' },
      hostPath: { path },
    },
  };
}

/**
 * Deletes what lies below /tmp and nothing else. The path must stay below /tmp when its dots are worked out and its
 * parent's links are followed: upstream deletes any path with `/tmp/` somewhere in it.
 */
async function deletePath({ fs, clock }: ControllerPluginHost, { path }: HostPathVolumeSource): Promise<void> {
  const refused = finalError(`host_path deleter only supports /tmp/.+ but received provided ${path}`);
  const plain = resolve(path);
  if (!isAbsolute(path) || !isBelow(plain, deletableRoot)) throw refused;
  const parent = await clock.boundary(ifExists(fs.realpath(dirname(plain))));
  if (parent === undefined) return;
  const root = await clock.boundary(fs.realpath(deletableRoot));
  if (parent !== root && !isBelow(parent, root)) throw refused;
  await clock.boundary(fs.rm(plain, { recursive: true, force: true }));
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(`${root}/`);
}
