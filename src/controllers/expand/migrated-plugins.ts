/** The in-tree plugins that a CSI driver has taken over, by the field of a volume that was theirs. */
import type { PersistentVolume } from '../../api/index.ts';

export interface Migration {
  /** The in-tree plugin's name. */
  readonly plugin: string;
  /** The CSI driver's name. */
  readonly driver: string;
}

const migrations = {
  awsElasticBlockStore: { plugin: 'kubernetes.io/aws-ebs', driver: 'ebs.csi.aws.com' },
  gcePersistentDisk: { plugin: 'kubernetes.io/gce-pd', driver: 'pd.csi.storage.gke.io' },
  cinder: { plugin: 'kubernetes.io/cinder', driver: 'cinder.csi.openstack.org' },
  azureDisk: { plugin: 'kubernetes.io/azure-disk', driver: 'disk.csi.azure.com' },
  azureFile: { plugin: 'kubernetes.io/azure-file', driver: 'file.csi.azure.com' },
  vsphereVolume: { plugin: 'kubernetes.io/vsphere-volume', driver: 'csi.vsphere.vmware.com' },
  portworxVolume: { plugin: 'kubernetes.io/portworx-volume', driver: 'pxd.portworx.com' },
} satisfies Partial<Record<keyof PersistentVolume['spec'], Migration>>;

export function findMigration({ spec }: PersistentVolume): Migration | undefined {
  for (const [field, migration] of Object.entries(migrations)) {
    if (spec[field as keyof typeof migrations] !== undefined) return migration;
  }
  return undefined;
}
