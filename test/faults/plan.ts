/**
 * One disturbance of a run. The points where it can strike are those that an undisturbed run of the same workload has
 * shown, so that the plans of a workload can be counted and all be carried out.
 */
export const controlProcesses = ['controller-manager', 'scheduler', 'provisioner', 'attacher', 'resizer'] as const;
/** The node agents, where the nodes are machines. */
export const kubeletProcesses = ['kubelet-n1', 'kubelet-n2', 'kubelet-n3'] as const;
/** Where snapshots are taken. */
export const snapshotProcesses = ['snapshot-controller', 'snapshotter'] as const;
export const processNames = [...controlProcesses, ...kubeletProcesses, ...snapshotProcesses] as const;

export type KubeletName = (typeof kubeletProcesses)[number];
export type ProcessName = (typeof processNames)[number];

export function nodeOf(kubelet: KubeletName): string {
  return kubelet.slice('kubelet-'.length);
}

export type Plan =
  /** The process dies around one of its API writes, before it or with its answer lost, and starts again. */
  | { readonly kind: 'crash'; readonly process: ProcessName; readonly write: number; readonly lands: boolean }
  /**
   * The process dies around one of its calls to the driver (a node agent: or mounts, or changes of files or containers),
   * before its effect or with the reply lost, and starts again.
   */
  | { readonly kind: 'call'; readonly process: ProcessName; readonly call: number; readonly lands: boolean }
  /** From one notification on, everything that the process hears about the kind comes late. */
  | { readonly kind: 'stale'; readonly process: ProcessName; readonly plural: string; readonly notification: number }
  /** The process never hears of one state of an object: the next state of the same object is what it hears instead. */
  | { readonly kind: 'hidden'; readonly process: ProcessName; readonly plural: string; readonly notification: number };

export function nameOf(plan: Plan): string {
  switch (plan.kind) {
    case 'crash':
      return `${plan.process} dies ${plan.lands ? 'after' : 'before'} write ${plan.write}`;
    case 'call':
      return `${plan.process} dies ${plan.lands ? 'after' : 'before'} call ${plan.call}`;
    case 'stale':
      return `${plan.process} hears late of ${plan.plural} from notification ${plan.notification} on`;
    case 'hidden':
      return `${plan.process} never hears of ${plan.plural} notification ${plan.notification}`;
  }
}

/** What an undisturbed run shows of one process. */
export interface Trace {
  /** Each write as `verb plural name`. */
  readonly writes: string[];
  /** Each call to the driver, by method; of a node agent whatever it does to its machine. */
  readonly calls: string[];
  /** Per plural: for each notification after the first list, whether another about the same object followed. */
  readonly notifications: Map<string, { key: string; hasSuccessor: boolean }[]>;
}

export function emptyTrace(): Trace {
  return { writes: [], calls: [], notifications: new Map() };
}

/** Every plan that the traces allow. */
export function plansOf(traces: ReadonlyMap<ProcessName, Trace>): Plan[] {
  const plans: Plan[] = [];
  for (const [process, { writes, calls, notifications }] of traces) {
    for (const lands of [false, true]) {
      for (const write of writes.keys()) plans.push({ kind: 'crash', process, write, lands });
      for (const call of calls.keys()) plans.push({ kind: 'call', process, call, lands });
    }
    for (const [plural, heard] of notifications) {
      for (const [notification, { hasSuccessor }] of heard.entries()) {
        plans.push({ kind: 'stale', process, plural, notification });
        if (hasSuccessor) plans.push({ kind: 'hidden', process, plural, notification });
      }
    }
  }
  return plans;
}
