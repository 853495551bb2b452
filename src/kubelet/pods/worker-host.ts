import type { ProbeNetwork } from './network-action.ts';
import type { PodContext } from './pod-context.ts';
import type { PodManager } from './pod-manager.ts';
import type { PodState } from './pod-state.ts';
import type { ProbeManager } from './probe-manager.ts';
import type { StatusWriter } from './status-writer.ts';

/** What the steps of a pod's worker share. */
export interface WorkerHost extends PodContext {
  readonly manager: PodManager;
  readonly probes: ProbeManager;
  readonly network: ProbeNetwork;
  readonly statusWriter: StatusWriter;
  /** Works the pod's status out anew and hands it to the writer. */
  publish(state: PodState): Promise<void>;
}
