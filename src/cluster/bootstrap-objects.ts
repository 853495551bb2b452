/** The objects that are there before anybody asks: namespaces, classes of the bundled driver, priority classes. */
import {
  annIsDefaultSnapshotClass,
  csiDrivers,
  type Draft,
  isAlreadyExists,
  type KubernetesObject,
  namespaces,
  priorityClasses,
  type ResourceType,
  storageClasses,
  volumeSnapshotClasses,
} from '../api/index.ts';
import type { Client } from '../client/index.ts';
import { annIsDefaultClass } from '../component-helpers/index.ts';

export const hostpathDriverName = 'hostpath.csi.k8s.io';

async function ensure<T extends KubernetesObject>(
  client: Client,
  type: ResourceType<T>,
  draft: Draft<T>,
): Promise<void> {
  try {
    await client.create(type, draft);
  } catch (thrown) {
    // What is there stays as its owner has made it.
    if (!isAlreadyExists(thrown)) throw thrown;
  }
}

const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Upstream's two system priorities. */
const systemPriorities = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };

export async function ensureSystemObjects(client: Client): Promise<void> {
  await Promise.all([
    ...systemNamespaces.map((name) => ensure(client, namespaces, { metadata: { name }, spec: {} })),
    ...Object.entries(systemPriorities).map(([name, value]) =>
      ensure(client, priorityClasses, { metadata: { name }, value, preemptionPolicy: 'PreemptLowerPriority' }),
    ),
  ]);
}

/** The CSIDriver and the classes of the bundled hostpath driver: two for volumes, one for snapshots. */
export async function ensureHostpathObjects(client: Client): Promise<void> {
  const common = { provisioner: hostpathDriverName, reclaimPolicy: 'Delete', allowVolumeExpansion: true };
  await Promise.all([
    ensure(client, csiDrivers, {
      metadata: { name: hostpathDriverName },
      spec: {
        attachRequired: true,
        podInfoOnMount: true,
        fsGroupPolicy: 'File',
        volumeLifecycleModes: ['Persistent', 'Ephemeral'],
      },
    }),
    ensure(client, storageClasses, {
      ...common,
      metadata: { name: 'standard', annotations: { [annIsDefaultClass]: 'true' } },
      volumeBindingMode: 'Immediate',
    }),
    ensure(client, storageClasses, {
      ...common,
      metadata: { name: 'standard-wait' },
      volumeBindingMode: 'WaitForFirstConsumer',
    }),
    ensure(client, volumeSnapshotClasses, {
      metadata: { name: 'csi-hostpath-snapclass', annotations: { [annIsDefaultSnapshotClass]: 'true' } },
      driver: hostpathDriverName,
      deletionPolicy: 'Delete',
    }),
  ]);
}
