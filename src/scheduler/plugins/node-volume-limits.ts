/** Keeps a node's CSI volumes within what its drivers allow, volumes still attached from before included. */
import type {
  CSINode,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
  VolumeAttachment,
} from '../../api/index.ts';
import type { Informer, Lister } from '../../client/index.ts';
import { getClaimClass, podClaims } from '../../component-helpers/index.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { type CycleState, on, type Plugin, type PreFilterResult } from '../framework/plugin.ts';
import { type Status, skip, success, unschedulable } from '../framework/status.ts';

const attachmentsByNode = 'scheduler/node';
const limitReached = 'node(s) exceed max volume count';

export interface NodeVolumeLimitsOptions {
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
  readonly csiNodes: Lister<CSINode>;
  readonly attachments: Informer<VolumeAttachment>;
}

/** Unique volumes: `driver/handle` to driver. */
type Volumes = Map<string, string>;

export class NodeVolumeLimits implements Plugin {
  readonly name = 'NodeVolumeLimits';
  readonly events = [
    ...on(['CSINodeAdd', 'CSINodeUpdate', 'AssignedPodDelete', 'VolumeAttachmentDelete', 'NodeAdd']),
    ...on(['PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate']),
  ];
  readonly #options: NodeVolumeLimitsOptions;

  constructor(options: NodeVolumeLimitsOptions) {
    this.#options = options;
    options.attachments.addIndex(attachmentsByNode, ({ spec }) => [spec.nodeName]);
  }

  preFilter(state: CycleState, pod: Pod): PreFilterResult {
    const wanted: Volumes = new Map();
    this.#collect(pod, wanted);
    if (wanted.size === 0) return { status: skip };
    state.write(this.name, wanted);
    return { status: success };
  }

  filter(state: CycleState, _pod: Pod, node: NodeInfo): Status {
    const limits = this.#limitsOf(node.name);
    if (limits.size === 0) return success;
    const wanted = state.read<Volumes>(this.name) ?? new Map<string, string>();
    const used: Volumes = new Map();
    for (const other of node.pods.values()) this.#collect(other.pod, used);
    this.#collectAttached(node.name, used);
    const counts = new Map<string, number>();
    for (const driver of used.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
    for (const [volume, driver] of wanted) {
      if (used.has(volume)) continue;
      const count = (counts.get(driver) ?? 0) + 1;
      counts.set(driver, count);
      if (count > (limits.get(driver) ?? Number.POSITIVE_INFINITY)) return unschedulable(limitReached);
    }
    return success;
  }

  #limitsOf(nodeName: string): ReadonlyMap<string, number> {
    const limits = new Map<string, number>();
    for (const { name, allocatable } of this.#options.csiNodes.get(nodeName)?.spec.drivers ?? []) {
      if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
    }
    return limits;
  }

  #collect(pod: Pod, into: Volumes): void {
    const { claims, volumes, classes } = this.#options;
    for (const { claimName } of podClaims(pod)) {
      const claim = claims.get(`${pod.metadata.namespace}/${claimName}`);
      if (!claim) continue;
      const source = volumes.get(claim.spec.volumeName ?? '')?.spec.csi;
      if (source) into.set(`${source.driver}/${source.volumeHandle}`, source.driver);
      else if (!claim.spec.volumeName) {
        // Its volume is yet to be made by the driver of its class, and counts from now on.
        const driver = classes.get(getClaimClass(claim))?.provisioner;
        if (driver !== undefined) into.set(`${driver}/claim:${claim.metadata.uid}`, driver);
      }
    }
  }

  #collectAttached(nodeName: string, into: Volumes): void {
    for (const { spec } of this.#options.attachments.byIndex(attachmentsByNode, nodeName)) {
      const source =
        this.#options.volumes.get(spec.source.persistentVolumeName ?? '')?.spec.csi ??
        spec.source.inlineVolumeSpec?.csi;
      if (source) into.set(`${source.driver}/${source.volumeHandle}`, source.driver);
    }
  }
}
