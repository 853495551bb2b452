/** Which instance of a container a caller of the node's endpoint means. */

import { hasEnded, instancesOf } from './pods/pod-containers.ts';
import type { PodManager } from './pods/pod-manager.ts';
import type { ContainerRecord } from './runtime/runtime.ts';
import type { ContainerQuery } from './server/kubelet-server.ts';

/** Upstream: validateContainerLogStatus: what `--previous` shows follows the status, not the files. */
export function findContainer(manager: PodManager, query: ContainerQuery): ContainerRecord | undefined {
  const state = manager.findByName(query.namespace, query.podName);
  if (!state) return undefined;
  const [newest, before] = instancesOf(manager.recordsOf(state.uid), query.containerName);
  if (!query.previous) return newest;
  const waitsForRestart = newest !== undefined && hasEnded(newest) && state.waiting.has(query.containerName);
  return waitsForRestart ? newest : before;
}
