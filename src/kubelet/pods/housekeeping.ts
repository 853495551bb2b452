/**
 * Finds what the node holds of pods that nobody knows: containers that outlived their pod's object while the agent was
 * away, and directories without a pod. Upstream: kubelet_volumes.go cleanupOrphanedPodDirs, HandlePodCleanups.
 */
import { join } from 'node:path';
import type { Pod } from '../../api/index.ts';
import { ifExists, messageOf } from '../../base/index.ts';
import { podsDir } from '../../volume-plugins/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { removePodDirectory } from './pod-directories.ts';
import { logsDir, podUidOfLogs } from './pod-paths.ts';
import type { WorkerHost } from './worker-host.ts';

/** Directories of pods that wait for their volumes are looked at again after this. Upstream: every 2 seconds. */
export const orphanRetryMs = 2_000;

/** A pod of which only its containers are left: enough to stop them and to clean up. */
function podOf(record: ContainerRecord): Pod {
  const { podUid: uid, podName: name, podNamespace: namespace } = record.identity;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid, creationTimestamp: '', resourceVersion: '' },
    spec: { containers: [], terminationGracePeriodSeconds: 30 },
  };
}

export function adoptOrphanContainers({ manager, logger }: WorkerHost): void {
  for (const [podUid, record] of manager.podsWithRecords()) {
    if (manager.findState(podUid)) continue;
    const { podNamespace, podName } = record.identity;
    logger.info('containers of a pod that is gone are stopped', { pod: `${podNamespace}/${podName}`, podUid });
    manager.adopt(podOf(record));
  }
}

/** Messages that were logged already: each problem is news once. */
export type KnownProblems = Map<string, string>;

/** Removes directories of pods that are gone. Resolves with whether some had to be left for now. */
export async function removeOrphanDirectories(host: WorkerHost, known: KnownProblems): Promise<boolean> {
  const { fs, rootDir, manager, volumeManager, logger } = host;
  let left = false;
  for (const podUid of (await ifExists(fs.readdir(podsDir(rootDir)))) ?? []) {
    if (manager.findState(podUid)) continue;
    const inUse = !volumeManager.reconcilerStatesHasBeenSynced() || volumeManager.hasPossiblyMountedVolumes(podUid);
    if (inUse || manager.containersRunning(podUid)) {
      left = true;
      continue;
    }
    try {
      await removePodDirectory(host, podUid);
      known.delete(podUid);
      logger.info('directory of a pod that is gone is removed', { podUid });
    } catch (thrown) {
      left = true;
      const message = messageOf(thrown);
      if (known.get(podUid) !== message)
        logger.error('directory of a pod that is gone stays', { podUid, error: message });
      known.set(podUid, message);
    }
  }
  return left;
}

/** Removes logs of pods that are gone: the agent died between a pod's directory and them. */
export async function removeOrphanLogs({ fs, rootDir, manager }: WorkerHost): Promise<void> {
  for (const name of (await ifExists(fs.readdir(logsDir(rootDir)))) ?? []) {
    const podUid = podUidOfLogs(name);
    if (manager.findState(podUid) || manager.containersRunning(podUid)) continue;
    await fs.rm(join(logsDir(rootDir), name), { recursive: true, force: true });
  }
}
