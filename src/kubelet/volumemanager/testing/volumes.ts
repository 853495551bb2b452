/** Steps that tests of volumes on a node share. */

import type { PersistentVolumeSpec } from '../../../api/index.ts';
import {
  csiDrivers,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  volumeAttachments,
} from '../../../api/index.ts';
import { attachment, boundPair, csiDriverObject } from './objects.ts';
import { type TestNode, testDriverName, testNodeName } from './test-node.ts';

/** A bound CSI volume that must be attached, with its attachment. Answers its unique name. */
export function attachableVolume(node: TestNode, name = 'a'): string {
  const { claim, volume } = boundPair(name, testDriverName);
  node.api.put(persistentVolumeClaims, claim);
  node.api.put(persistentVolumes, volume);
  node.api.put(volumeAttachments, attachment(testDriverName, `handle-${name}`, testNodeName));
  return `kubernetes.io/csi/${testDriverName}^handle-${name}`;
}

/** A bound CSI volume of a driver that does not attach. */
export function plainVolume(node: TestNode, name = 'a', spec: Partial<PersistentVolumeSpec> = {}): void {
  node.api.put(csiDrivers, csiDriverObject(testDriverName, { attachRequired: false }));
  const { claim, volume } = boundPair(name, testDriverName, spec);
  node.api.put(persistentVolumeClaims, claim);
  node.api.put(persistentVolumes, volume);
}

/** Puts the pod on the node, waits for its volumes, and starts its containers. */
export async function mountPod(node: TestNode, pod: Pod): Promise<void> {
  node.pods.put(pod);
  let done = false;
  const waiting = node.manager.waitForAttachAndMount(pod, new AbortController().signal).finally(() => {
    done = true;
  });
  waiting.catch(() => {});
  await node.until(() => done, 'the pod has its volumes');
  await waiting;
  node.pods.startContainers(pod.metadata.uid);
}

/** Deletes the pod, ends its containers and waits until its volumes have left it. */
export async function removePod(node: TestNode, pod: Pod): Promise<void> {
  const uid = pod.metadata.uid;
  node.pods.terminate(uid);
  node.pods.stopContainers(uid);
  await node.until(() => !node.manager.hasPossiblyMountedVolumes(uid), 'the volumes leave the pod');
  node.pods.forget(uid);
}
