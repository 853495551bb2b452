import type { Pod } from '../../api/index.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { CycleState } from './cycle-state.ts';
import type { Diagnosis } from './fit-error.ts';
import { NodeStatuses } from './node-statuses.ts';
import type { Plugin } from './plugin.ts';
import { isRejected, unresolvable } from './status.ts';

/** What PreFilter leaves to look at. */
export interface PreFiltered {
  /** The plugins whose Filter is left out. */
  readonly skipped: ReadonlySet<string>;
  /** Undefined: all nodes. */
  readonly nodeNames: ReadonlySet<string> | undefined;
  readonly narrowedBy: readonly string[];
}

export type PreFilterOutcome =
  | ({ readonly kind: 'passed' } & PreFiltered)
  | { readonly kind: 'rejected'; readonly diagnosis: Diagnosis };

/** Upstream: RunPreFilterPlugins. */
export function runPreFilter(
  plugins: readonly Plugin[],
  state: CycleState,
  pod: Pod,
  snapshot: Snapshot,
): PreFilterOutcome {
  const skipped = new Set<string>();
  const narrowedBy: string[] = [];
  let nodeNames: ReadonlySet<string> | undefined;
  const reject = (status: ReturnType<typeof unresolvable>, refusing: readonly string[]): PreFilterOutcome => {
    const waitsForClaims = state.read<boolean>('waitsForClaims') === true;
    const reasons = isRejected(status) ? status.reasons : [];
    const preFilterMessage = reasons.join(', ');
    const nodeCount = snapshot.nodes.length;
    // The later plugins know nothing of the pod, so nobody could say what removing others would change.
    const statuses = new NodeStatuses(unresolvable(...reasons));
    return {
      kind: 'rejected',
      diagnosis: { nodeCount, statuses, plugins: new Set(refusing), preFilterMessage, waitsForClaims },
    };
  };
  for (const plugin of plugins) {
    if (!plugin.preFilter) continue;
    const result = plugin.preFilter(state, pod, snapshot);
    if (result.status.code === 'skip') skipped.add(plugin.name);
    if (isRejected(result.status)) return reject(result.status, [plugin.name]);
    if (!result.nodeNames) continue;
    narrowedBy.push(plugin.name);
    nodeNames = nodeNames ? nodeNames.intersection(result.nodeNames) : result.nodeNames;
    if (nodeNames.size === 0) return reject(unresolvable(nothingLeft(narrowedBy)), narrowedBy);
  }
  return { kind: 'passed', skipped, nodeNames, narrowedBy };
}

function nothingLeft(narrowedBy: readonly string[]): string {
  if (narrowedBy.length === 1) return `node(s) didn't satisfy plugin ${narrowedBy[0]}`;
  return `node(s) didn't satisfy plugin(s) [${narrowedBy.join(' ')}] simultaneously`;
}
