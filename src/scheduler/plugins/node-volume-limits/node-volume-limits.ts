/** Keeps a node's CSI volumes within what its drivers allow, volumes still attached from before included. */
import type { CSIDriver, CSINode, Pod } from '../../../api/index.ts';
import type { Lister } from '../../../client/index.ts';
import { podClaims } from '../../../component-helpers/index.ts';
import type { CycleState, NodeInfo, Plugin, PreFilterResult } from '../../framework/plugin.ts';
import { type Status, skip, success, unresolvable, unschedulable } from '../../framework/status.ts';
import { type CsiVolumes, csiVolumesOf, hasMigratedInlineVolumes, type PodVolumesSeen } from './csi-volumes.ts';
import { nodeVolumeLimitsEvents } from './hints.ts';
import { type NodeUse, UsedVolumes, type UsedVolumesOptions } from './used-volumes.ts';

const pluginName = 'NodeVolumeLimits';
const limitReached = unschedulable('node(s) exceed max volume count');

export interface NodeVolumeLimitsOptions extends UsedVolumesOptions {
  readonly drivers: Lister<CSIDriver>;
}

export class NodeVolumeLimits implements Plugin {
  readonly name = pluginName;
  readonly events = nodeVolumeLimitsEvents;
  readonly #options: NodeVolumeLimitsOptions;
  readonly #used: UsedVolumes;

  constructor(options: NodeVolumeLimitsOptions) {
    this.#options = options;
    this.#used = new UsedVolumes(options);
  }

  preFilter(state: CycleState, pod: Pod): PreFilterResult {
    if (!pod.spec.volumes?.length) return { status: skip };
    if (podClaims(pod).length === 0 && !hasMigratedInlineVolumes(pod)) return { status: skip };
    state.write(pluginName, csiVolumesOf(pod, undefined, this.#options));
    return { status: success };
  }

  filter(state: CycleState, pod: Pod, node: NodeInfo): Status {
    const seen = state.read<PodVolumesSeen>(pluginName);
    if (!seen) return success;
    const csiNode = this.#options.csiNodes.get(node.name);
    const wanted = seen.dependsOnNode ? csiVolumesOf(pod, csiNode, this.#options) : seen;
    if (wanted.problem !== undefined) return unresolvable(wanted.problem);
    if (wanted.volumes.size === 0) return success;
    const missing = this.#missingDriver(wanted.volumes.values(), csiNode);
    if (missing !== undefined) return unresolvable(`${missing} CSI driver is not installed on the node`);
    const limits = limitsOf(csiNode);
    if (limits.size === 0) return success;
    return exceeds(wanted.volumes, limits, this.#used.of(node, csiNode)) ? limitReached : success;
  }

  /** A driver that asks for pods to stay away from nodes it is not on. Upstream: VolumeLimitScaling. */
  #missingDriver(drivers: Iterable<string>, csiNode: CSINode | undefined): string | undefined {
    for (const driver of drivers) {
      if (!this.#options.drivers.get(driver)?.spec.preventPodSchedulingIfMissing) continue;
      if (!csiNode?.spec.drivers.some(({ name }) => name === driver)) return driver;
    }
    return undefined;
  }
}

const knownLimits = new WeakMap<CSINode, ReadonlyMap<string, number>>();
const noLimits: ReadonlyMap<string, number> = new Map();

/** How many volumes the node takes of each driver; one without a number takes any. */
function limitsOf(csiNode: CSINode | undefined): ReadonlyMap<string, number> {
  if (!csiNode) return noLimits;
  const known = knownLimits.get(csiNode);
  if (known) return known;
  const limits = new Map<string, number>();
  for (const { name, allocatable } of csiNode.spec.drivers) {
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  }
  knownLimits.set(csiNode, limits);
  return limits;
}

/** Whether the volumes, as far as they are not there already, are more than the node takes. */
function exceeds(wanted: CsiVolumes, limits: ReadonlyMap<string, number>, used: NodeUse): boolean {
  const counts = new Map<string, number>();
  for (const [volume, driver] of wanted) {
    const limit = limits.get(driver);
    if (limit === undefined || used.volumes.has(volume)) continue;
    const count = (counts.get(driver) ?? used.countOf.get(driver) ?? 0) + 1;
    if (count > limit) return true;
    counts.set(driver, count);
  }
  return false;
}
