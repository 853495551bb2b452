/** Ended containers that nothing refers to any more. Upstream: MaxPerPodContainer, one ended instance is kept. */
import { messageOf } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { allContainersOf, hasEnded, instancesOf } from './pod-containers.ts';
import type { PodState } from './pod-state.ts';
import type { WorkerHost } from './worker-host.ts';

/** The instance that runs, and the one before it: its log and its exit code are asked for. */
const keptInstances = 2;

export async function removeOldInstances(host: WorkerHost, state: PodState): Promise<void> {
  const records = host.manager.recordsOf(state.uid);
  const old = allContainersOf(state.pod).flatMap(({ name }) => instancesOf(records, name).slice(keptInstances));
  await Promise.all(old.filter(hasEnded).map((record) => removeInstance(host, state, record)));
}

async function removeInstance(host: WorkerHost, state: PodState, record: ContainerRecord): Promise<void> {
  const { runtime, fs, manager, logger } = host;
  try {
    await runtime.remove(record.id);
    for (const path of [record.logPath, `${record.logPath}.1`, record.terminationLogPath]) {
      if (path !== '') await fs.rm(path, { force: true });
    }
    manager.forgetRecord(record.id);
    state.terminationMessages.delete(record.id);
  } catch (thrown) {
    // It goes with the next restart, or with the pod.
    logger.debug('ended container is not removed', { container: record.id, error: messageOf(thrown) });
  }
}
