/** The pod fits no node. The message is the one that users know from `kubectl describe pod`. */
import { NodeStatuses } from './node-statuses.ts';

/** What is known of an attempt that found no node. Upstream: Diagnosis. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly statuses: NodeStatuses;
  /** The plugins that refused: their events bring the pod back. */
  readonly plugins: ReadonlySet<string>;
  readonly preFilterMessage?: string;
  readonly postFilterMessage?: string;
  /** Whether the pod only waits for claims of an Immediate class, which are being provisioned. */
  readonly waitsForClaims?: boolean;
  /** See PostFilterResult. */
  readonly nominatedNodeName?: string;
}

export class FitError extends Error {
  override readonly name = 'FitError';
  readonly diagnosis: Diagnosis;

  constructor(diagnosis: Diagnosis, message = fitMessage(diagnosis)) {
    super(message);
    this.diagnosis = diagnosis;
  }

  /** A refusal outside the search for a node, by Reserve for example. */
  static because(message: string, plugins: ReadonlySet<string>): FitError {
    return new FitError({ nodeCount: 0, statuses: new NodeStatuses(), plugins }, message);
  }
}

/**
 * `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) were unschedulable. preemption: ...`: the
 * message of PreFilter, else the reasons counted over the nodes; then the message of PostFilter.
 */
export function fitMessage(diagnosis: Diagnosis): string {
  const { nodeCount, statuses, preFilterMessage, postFilterMessage } = diagnosis;
  const because = preFilterMessage || statuses.histogram(nodeCount).join(', ');
  const parts = [`0/${nodeCount} nodes are available:`];
  if (because) parts.push(`${because}.`);
  if (postFilterMessage) parts.push(postFilterMessage);
  return parts.join(' ');
}
