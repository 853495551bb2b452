/**
 * The contract of scheduler plugins, with upstream's extension points and names. A plugin is asked in the order
 * PreFilter (once per pod), Filter (once per node, pure and synchronous), Score, Reserve, PreBind; Unreserve takes
 * Reserve back when anything later fails.
 */
import type { Node, Pod } from '../../api/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { Status } from './status.ts';

/** A change in the cluster that may make a waiting pod schedulable. */
export type ClusterEvent =
  | 'NodeAdd'
  | 'NodeUpdate'
  | 'PodDelete'
  | 'PodUpdate'
  | 'ClaimChange'
  | 'VolumeChange'
  | 'ClassChange'
  | 'CSINodeChange'
  | 'CSIDriverChange'
  | 'CapacityChange'
  | 'AttachmentDelete';

/** What plugins remember about one pod between the steps of one attempt. */
export class CycleState {
  readonly #values = new Map<string, unknown>();
  write(plugin: string, value: unknown): void {
    this.#values.set(plugin, value);
  }
  read<T>(plugin: string): T | undefined {
    return this.#values.get(plugin) as T | undefined;
  }
}

/** The snapshot of nodes that one attempt decides on. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
}

export interface PreFilterResult {
  readonly status: Status;
  /** Only these nodes are worth a look. Undefined: all. */
  readonly nodeNames?: ReadonlySet<string>;
}

export interface Plugin {
  readonly name: string;
  readonly events: readonly ClusterEvent[];
  preFilter?(state: CycleState, pod: Pod, snapshot: Snapshot): PreFilterResult;
  filter?(state: CycleState, pod: Pod, node: NodeInfo): Status;
  /** 0 to 100; higher is better. */
  score?(state: CycleState, pod: Pod, node: NodeInfo): number;
  /** Claims what the pod needs on the node, in memory, all or nothing. */
  reserve?(state: CycleState, pod: Pod, node: Node): Status;
  unreserve?(state: CycleState, pod: Pod, node: Node): void;
  /** Writes what was reserved and waits until it holds. Throws to send the pod back. */
  preBind?(state: CycleState, pod: Pod, node: Node, signal: AbortSignal): Promise<void>;
}
