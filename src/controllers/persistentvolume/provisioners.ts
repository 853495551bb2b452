/** Who provisions for a class, and who deletes a volume: a plugin of this process, or somebody outside. */
import type { PersistentVolume, StorageClass } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { annDynamicallyProvisioned, annMigratedTo } from '../../component-helpers/index.ts';
import type { ControllerPlugins } from '../../volume-plugins/index.ts';

/** Names of plugins that Kubernetes itself once had, or has. */
const builtInPrefix = 'kubernetes.io/';

/** The CSI driver that took over an in-tree plugin, by the plugin's name; undefined when none did. */
export type MigratedDriver = (pluginName: string) => string | undefined;

export type ProvisionerChoice =
  | { readonly kind: 'external'; readonly provisioner: string }
  | { readonly kind: 'builtIn' }
  | { readonly kind: 'unknown'; readonly message: string }
  /** `--enable-dynamic-provisioning=false`. */
  | { readonly kind: 'disabled' };

export interface Provisioners {
  readonly plugins: ControllerPlugins;
  readonly migratedDriver: MigratedDriver;
  readonly dynamicProvisioning: boolean;
}

/** Upstream: pv_controller.go findProvisionablePlugin. */
export function chooseProvisioner(provisioners: Provisioners, { provisioner }: StorageClass): ProvisionerChoice {
  const { plugins, migratedDriver, dynamicProvisioning } = provisioners;
  if (!dynamicProvisioning) return { kind: 'disabled' };
  const driver = migratedDriver(provisioner);
  if (driver !== undefined) return { kind: 'external', provisioner: driver };
  try {
    plugins.getProvisionable(provisioner);
    return { kind: 'builtIn' };
  } catch (thrown) {
    if (!provisioner.startsWith(builtInPrefix)) return { kind: 'external', provisioner };
    return { kind: 'unknown', message: messageOf(thrown) };
  }
}

/** Whether the volume's deletion is left to its provisioner. Upstream: pv_controller.go findDeletablePlugin. */
export function isDeletedExternally(volume: PersistentVolume): boolean {
  if (volume.metadata.annotations?.[annMigratedTo]) return true;
  const provisioner = volume.metadata.annotations?.[annDynamicallyProvisioned];
  return provisioner ? !provisioner.startsWith(builtInPrefix) : volume.spec.csi !== undefined;
}

/** Who is counted as the one that deletes the volume. Upstream: getProvisionerNameFromVolume. */
export function deleterName({ plugins }: Provisioners, volume: PersistentVolume, storageClass?: StorageClass): string {
  if (isDeletedExternally(volume)) return storageClass?.provisioner ?? 'N/A';
  return volume.metadata.annotations?.[annDynamicallyProvisioned] ?? plugins.findBySpec(volume)?.name ?? 'N/A';
}

/** Whether a plugin of this process made the volume. */
export function isProvisionedInTree(volume: PersistentVolume): boolean {
  return volume.metadata.annotations?.[annDynamicallyProvisioned]?.startsWith(builtInPrefix) ?? false;
}
