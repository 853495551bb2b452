/** What is said of a node in its conditions and taints. Pure. Upstream: nodelifecycle/node_lifecycle_controller.go. */
import type { Node, NodeCondition, Taint } from '../../api/index.ts';
import { taintNotReady, taintUnreachable, taintUnschedulable } from '../../component-helpers/index.ts';
import { nodeCondition, readyStatusOf } from '../common/node-condition.ts';
import {
  taintDiskPressure,
  taintMemoryPressure,
  taintNetworkUnavailable,
  taintPidPressure,
} from '../common/node-taints.ts';

/** What a silent agent can no longer vouch for. The network's condition is not its own. */
const agentConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The conditions of a node whose agent is silent; undefined when they say so already. */
export function silencedConditions(node: Node, now: string): readonly NodeCondition[] | undefined {
  const before = node.status?.conditions ?? [];
  if (agentConditions.every((type) => nodeCondition(node, type)?.status === 'Unknown')) return undefined;
  const silenced = before.map((condition) =>
    agentConditions.includes(condition.type) && condition.status !== 'Unknown'
      ? {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: now,
        }
      : condition,
  );
  const missing = agentConditions
    .filter((type) => !nodeCondition(node, type))
    .map((type) => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata.creationTimestamp,
      lastTransitionTime: now,
    }));
  return [...silenced, ...missing];
}

const pressureTaints: readonly (readonly [string, string])[] = [
  ['MemoryPressure', taintMemoryPressure],
  ['DiskPressure', taintDiskPressure],
  ['PIDPressure', taintPidPressure],
  ['NetworkUnavailable', taintNetworkUnavailable],
];

/** The keys of the taints of either effect that belong to this controller. */
const conditionKeys: ReadonlySet<string> = new Set([
  taintNotReady,
  taintUnreachable,
  taintUnschedulable,
  ...pressureTaints.map(([, key]) => key),
]);
const evictionKeys: ReadonlySet<string> = new Set([taintNotReady, taintUnreachable]);

/** The taint key of a node that is not ready; undefined for one that is, or that nobody has spoken of yet. */
export function unhealthyTaintKey(node: Node): string | undefined {
  switch (readyStatusOf(node)) {
    case 'False':
      return taintNotReady;
    case 'Unknown':
      return taintUnreachable;
    default:
      return undefined;
  }
}

function noScheduleKeys(node: Node): ReadonlySet<string> {
  const unhealthy = unhealthyTaintKey(node);
  const pressed = pressureTaints.filter(([type]) => nodeCondition(node, type)?.status === 'True');
  return new Set([
    ...(unhealthy ? [unhealthy] : []),
    ...pressed.map(([, key]) => key),
    ...(node.spec.unschedulable ? [taintUnschedulable] : []),
  ]);
}

/** Whether pods are made to leave the node at present. */
export function isEvicting({ spec }: Node): boolean {
  return spec.taints?.some(({ key, effect }) => effect === 'NoExecute' && evictionKeys.has(key)) ?? false;
}

/**
 * The taints that the node is to have; undefined when it has them. `mayEvict` allows the taint that makes pods leave;
 * a node that has one keeps it, under the name of what it suffers from now.
 */
export function wantedTaints(
  node: Node,
  { mayEvict, now }: { readonly mayEvict: boolean; readonly now: string },
): readonly Taint[] | undefined {
  const before = node.spec.taints ?? [];
  const noSchedule = noScheduleKeys(node);
  const unhealthy = unhealthyTaintKey(node);
  const noExecute = new Set(unhealthy && mayEvict ? [unhealthy] : []);
  const isOwn = ({ key, effect }: Taint) =>
    (effect === 'NoSchedule' && conditionKeys.has(key)) || (effect === 'NoExecute' && evictionKeys.has(key));
  const isWanted = ({ key, effect }: Taint) => (effect === 'NoSchedule' ? noSchedule : noExecute).has(key);
  const kept = before.filter((taint) => !isOwn(taint) || isWanted(taint));
  const has = (key: string, effect: string) => kept.some((taint) => taint.key === key && taint.effect === effect);
  const added: Taint[] = [
    ...[...noSchedule].filter((key) => !has(key, 'NoSchedule')).map((key) => ({ key, effect: 'NoSchedule' })),
    ...[...noExecute].filter((key) => !has(key, 'NoExecute')).map((key) => ({ key, effect: 'NoExecute' })),
  ].map((taint) => ({ ...taint, timeAdded: now }));
  return added.length === 0 && kept.length === before.length ? undefined : [...kept, ...added];
}
