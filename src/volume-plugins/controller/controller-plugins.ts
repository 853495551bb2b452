/**
 * The plugins of the controller manager, and how each of its three questions finds one.
 * Upstream: cmd/kube-controller-manager/app/plugins.go, pkg/volume/plugins.go.
 */
import type { PersistentVolume, PersistentVolumeSpec } from '../../api/index.ts';
import { finalError } from '../errors.ts';
import { localPluginName } from '../local/local-plugin.ts';
import { nfsPluginName } from '../nfs/nfs-plugin.ts';
import type { ControllerPlugin, ControllerPluginHost } from './controller-plugin.ts';
import { createHostPathControllerPlugin } from './host-path.ts';
import { defaultRecyclerTemplate, type RecyclerConfig, recyclerPod } from './recycler-pod.ts';

export interface ControllerPluginConfig {
  /** `--enable-hostpath-provisioner`. */
  readonly hostPathProvisioning: boolean;
  readonly hostPathRecycler: RecyclerConfig;
  readonly nfsRecycler: RecyclerConfig;
}

export const defaultControllerPluginConfig: ControllerPluginConfig = {
  hostPathProvisioning: false,
  hostPathRecycler: { template: defaultRecyclerTemplate, minimumTimeoutSeconds: 60, timeoutIncrementSeconds: 30 },
  nfsRecycler: { template: defaultRecyclerTemplate, minimumTimeoutSeconds: 300, timeoutIncrementSeconds: 30 },
};

/** A plugin that only names its kind of volume: nothing is provisioned, deleted or recycled by it. */
function namingPlugin(name: string, source: keyof PersistentVolumeSpec): ControllerPlugin {
  return {
    name,
    canSupport: (volume) => volume.spec[source] !== undefined,
    supportsMountOption: true,
  };
}

function nfsPlugin(recycler: RecyclerConfig): ControllerPlugin {
  return {
    ...namingPlugin(nfsPluginName, 'nfs'),
    recyclerPod: (volume) => {
      const { server, path } = volume.spec.nfs ?? {};
      if (server === undefined || path === undefined) throw finalError('spec.PersistentVolumeSource.NFS is nil');
      return recyclerPod(recycler, volume, { nfs: { server, path } });
    },
  };
}

export class ControllerPlugins {
  readonly #plugins: readonly ControllerPlugin[];

  constructor(plugins: readonly ControllerPlugin[]) {
    this.#plugins = plugins;
  }

  findBySpec(volume: PersistentVolume): ControllerPlugin | undefined {
    return this.#plugins.find((plugin) => plugin.canSupport(volume));
  }

  findByName(name: string): ControllerPlugin | undefined {
    return this.#plugins.find((plugin) => plugin.name === name);
  }

  /** Of the plugins that note what they are about to make, and may make something. */
  namesWithIntents(): readonly string[] {
    const noting = this.#plugins.filter(({ intents, provisioningDisabled }) => intents && !provisioningDisabled);
    return noting.map(({ name }) => name);
  }

  /** Throws a final VolumeError when there is no such plugin, or it cannot provision. */
  getProvisionable(name: string): ControllerPlugin & Required<Pick<ControllerPlugin, 'provision'>> {
    const { provision, ...plugin } = this.#getByName(name);
    if (!provision) throw finalError('no provisionable volume plugin matched');
    return { ...plugin, provision };
  }

  /** Throws a final VolumeError when the plugin that provisioned the volume, or its kind's, cannot delete. */
  getDeletable(volume: PersistentVolume, provisioner: string | undefined): Required<Pick<ControllerPlugin, 'delete'>> {
    const plugin = provisioner ? this.#getByName(provisioner) : this.findBySpec(volume);
    if (!plugin) throw finalError('no volume plugin matched');
    if (!plugin.delete) throw finalError('no deletable volume plugin matched');
    return { delete: plugin.delete };
  }

  #getByName(name: string): ControllerPlugin {
    const plugin = this.findByName(name);
    if (!plugin) throw finalError(`no volume plugin matched name: ${name}`);
    return plugin;
  }
}

export function createControllerPlugins(
  host: ControllerPluginHost,
  config: ControllerPluginConfig = defaultControllerPluginConfig,
): ControllerPlugins {
  const { hostPathProvisioning, hostPathRecycler, nfsRecycler } = config;
  return new ControllerPlugins([
    createHostPathControllerPlugin(host, { provisioning: hostPathProvisioning, recycler: hostPathRecycler }),
    nfsPlugin(nfsRecycler),
    namingPlugin('kubernetes.io/iscsi', 'iscsi'),
    namingPlugin('kubernetes.io/fc', 'fc'),
    namingPlugin(localPluginName, 'local'),
    namingPlugin('kubernetes.io/csi', 'csi'),
  ]);
}
