/** A plugin of the controller's process whose storage is a set of names, and which fails when it is told to. */
import type { PersistentVolume } from '../../../src/api/index.ts';
import {
  type ControllerPlugin,
  ControllerPlugins,
  defaultRecyclerTemplate,
  type RecyclerConfig,
  recyclerPod,
} from '../../../src/volume-plugins/index.ts';

export const fakePluginName = 'kubernetes.io/fake';

const recycler: RecyclerConfig = {
  template: defaultRecyclerTemplate,
  minimumTimeoutSeconds: 60,
  timeoutIncrementSeconds: 30,
};

export class FakePlugin {
  /** Names of the volumes that exist. */
  readonly storage = new Set<string>();
  readonly calls: string[] = [];
  /** Thrown by the next calls, one each; undefined lets a call through. */
  readonly provisionErrors: (Error | undefined)[] = [];
  readonly deleteErrors: (Error | undefined)[] = [];

  disabled = false;

  readonly plugin: ControllerPlugin = {
    name: fakePluginName,
    canSupport: (volume) => volume.spec.hostPath !== undefined,
    supportsMountOption: false,
    provision: async ({ claim, volumeName, reclaimPolicy }) => {
      this.calls.push(`provision ${volumeName.slice(0, 4)}`);
      const error = this.provisionErrors.shift();
      if (error) throw error;
      this.storage.add(volumeName);
      return {
        metadata: { name: volumeName },
        spec: {
          accessModes: claim.spec.accessModes ?? [],
          capacity: { storage: claim.spec.resources?.requests?.storage ?? '0' },
          persistentVolumeReclaimPolicy: reclaimPolicy,
          hostPath: { path: `/tmp/fake/${volumeName}` },
        },
      };
    },
    delete: async (volume: PersistentVolume) => {
      this.calls.push(`delete ${volume.metadata.name}`);
      const error = this.deleteErrors.shift();
      if (error) throw error;
      this.storage.delete(volume.metadata.name);
    },
    recyclerPod: (volume) => recyclerPod(recycler, volume, { hostPath: { path: '/tmp/volumes' } }),
  };

  /** A plugin that neither provisions, deletes nor recycles. */
  readonly bare: ControllerPlugin = {
    name: 'kubernetes.io/bare',
    canSupport: (volume) => volume.spec.nfs !== undefined,
    supportsMountOption: true,
  };

  get plugins(): ControllerPlugins {
    const plugin = { ...this.plugin, provisioningDisabled: this.disabled };
    return new ControllerPlugins([plugin, this.bare]);
  }
}
