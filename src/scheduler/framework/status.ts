/** What a plugin answers about a pod, or about a pod on a node. */
export type Status =
  | { readonly code: 'success' }
  /** The plugin has nothing to say about this pod: its later steps are left out. */
  | { readonly code: 'skip' }
  /** Not now; removing other pods might help. */
  | { readonly code: 'unschedulable'; readonly reasons: readonly string[] }
  /** Not now; removing other pods would not help. */
  | { readonly code: 'unresolvable'; readonly reasons: readonly string[] };

export const success: Status = { code: 'success' };
export const skip: Status = { code: 'skip' };

export function unschedulable(...reasons: readonly string[]): Status {
  return { code: 'unschedulable', reasons };
}

export function unresolvable(...reasons: readonly string[]): Status {
  return { code: 'unresolvable', reasons };
}

export function isRejected(status: Status): status is Extract<Status, { reasons: readonly string[] }> {
  return status.code === 'unschedulable' || status.code === 'unresolvable';
}

/** The pod fits no node. The message is the one that users know from `kubectl describe pod`. */
export class FitError extends Error {
  override readonly name = 'FitError';
  /** The plugins that refused: their events bring the pod back. */
  readonly plugins: ReadonlySet<string>;
  /** Whether the pod only waits for claims of an Immediate class, which are being provisioned. */
  readonly waitsForClaims: boolean;

  constructor(message: string, plugins: ReadonlySet<string>, waitsForClaims = false) {
    super(message);
    this.plugins = plugins;
    this.waitsForClaims = waitsForClaims;
  }
}

/**
 * `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) were unschedulable. preemption: ...`: reasons
 * counted over the nodes and sorted as text, as upstream prints them.
 */
export function fitMessage(nodeCount: number, rejections: readonly Status[], preFilterReason?: string): string {
  const counts = new Map<string, number>();
  for (const status of rejections) {
    if (!isRejected(status)) continue;
    for (const reason of status.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const histogram = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  const because = preFilterReason ?? histogram.join(', ');
  const head = `0/${nodeCount} nodes are available`;
  const unhelpful = preFilterReason ? nodeCount : rejections.filter(({ code }) => code === 'unresolvable').length;
  const preemption = preemptionMessage(nodeCount, unhelpful);
  return `${because ? `${head}: ${because}.` : `${head}.`} preemption: ${head}: ${preemption}.`;
}

function preemptionMessage(nodeCount: number, unhelpful: number): string {
  const parts: string[] = [];
  if (unhelpful < nodeCount) parts.push(`${nodeCount - unhelpful} No preemption victims found for incoming pod`);
  if (unhelpful > 0 || nodeCount === 0) parts.push(`${unhelpful} Preemption is not helpful for scheduling`);
  return parts.join(', ');
}
