import { messageOf } from '../../base/index.ts';
import { allContainersOf, hasEnded } from './pod-containers.ts';
import type { PodState } from './pod-state.ts';
import { podStatus } from './pod-status.ts';
import { readTerminationMessage } from './termination-message.ts';
import type { WorkerHost } from './worker-host.ts';

/** Reads what newly ended containers have left, generates the status and hands it to the writer. */
export async function publishStatus(host: WorkerHost, state: PodState): Promise<void> {
  await readMessages(host, state);
  const { manager, probes, nodeIp, clock, runtime, statusWriter } = host;
  const status = podStatus({
    pod: state.pod,
    records: manager.recordsOf(state.uid),
    health: (id) => probes.health(id),
    waiting: state.waiting,
    terminationMessages: state.terminationMessages,
    finished: state.isTerminating && !manager.containersRunning(state.uid),
    verdict: state.verdict,
    before: state.status ?? state.pod.status,
    nodeIp,
    runtimeName: runtime.version.split(':')[0] ?? '',
    nowMs: clock.now(),
  });
  state.status = status;
  if (state.inApi) statusWriter.set(state.pod, status);
}

async function readMessages({ manager, fs, logger }: WorkerHost, state: PodState): Promise<void> {
  for (const record of manager.recordsOf(state.uid)) {
    if (!hasEnded(record) || state.terminationMessages.has(record.id)) continue;
    const container = allContainersOf(state.pod).find(({ name }) => name === record.identity.containerName);
    if (!container) continue;
    const message = await readTerminationMessage(fs, container, record).catch((thrown: unknown) => {
      logger.warn('termination message cannot be read', { container: record.id, error: messageOf(thrown) });
      return undefined;
    });
    state.terminationMessages.set(record.id, message ?? '');
  }
}
