/** The volume plugins over objects that a test puts in by hand, asked as the framework asks them. */
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  type KubernetesObject,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type ResourceType,
  storageClasses,
  volumeAttachments,
} from '../../../api/index.ts';
import { VirtualClock } from '../../../base/index.ts';
import type { Client } from '../../../client/index.ts';
import { SchedulerCache } from '../../cache/scheduler-cache.ts';
import { CycleState, type NodeInfo, type Plugin } from '../../framework/plugin.ts';
import { isRejected, type Status } from '../../framework/status.ts';
import type { UtilizationShapePoint } from '../volume-binding/scorer.ts';
import { createVolumeCaches, createVolumePlugins, type VolumePlugins } from '../volume-plugins.ts';
import { MemoryInformers } from './memory-informers.ts';

const types: readonly ResourceType[] = [
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeAttachments,
] as unknown as readonly ResourceType[];

/** Filter was asked for it and said nothing against it. */
export const fits = 'fits';

export interface Asked {
  readonly state: CycleState;
  /** `skip`, or the reasons of a refusal, or undefined. */
  readonly preFilter: string | undefined;
  /** What is said of each node: `fits`, or the reasons. Empty when PreFilter ended it. */
  readonly nodes: Readonly<Record<string, string>>;
}

export class VolumeWorld {
  readonly informers = new MemoryInformers();
  readonly cache = new SchedulerCache();
  readonly plugins: VolumePlugins;

  constructor(objects: readonly KubernetesObject[], shape?: readonly UtilizationShapePoint[]) {
    this.plugins = createVolumePlugins({
      client: refusing,
      clock: new VirtualClock(),
      informers: this.informers,
      caches: createVolumeCaches(this.informers),
      bindTimeoutMs: 1000,
      ...(shape ? { shape } : {}),
    });
    for (const object of objects) this.set(object);
  }

  set(object: KubernetesObject): void {
    this.#typeOf(object.kind).set(object);
    if (object.kind === 'Node') this.cache.setNode(object as never);
    if (object.kind === 'Pod') this.cache.setPod(object as Pod);
  }

  delete(kind: string, key: string): void {
    const informer = this.#typeOf(kind);
    const uid = informer.get(key)?.metadata.uid;
    informer.delete(key);
    if (kind === 'Pod' && uid) this.cache.removePod(uid);
  }

  /** PreFilter, then Filter for every node. */
  ask(plugin: Plugin, pod: Pod): Asked {
    const state = new CycleState();
    const before = plugin.preFilter?.(state, pod, this.cache).status;
    const preFilter = before && before.code !== 'success' ? textOf(before) : undefined;
    if (preFilter !== undefined) return { state, preFilter, nodes: {} };
    const answers: Record<string, string> = {};
    for (const info of this.cache.nodes) answers[info.name] = textOf(plugin.filter?.(state, pod, info));
    return { state, preFilter, nodes: answers };
  }

  node(name: string): NodeInfo {
    const info = this.cache.node(name);
    if (!info) throw new TypeError(`no node ${name}`);
    return info;
  }

  #typeOf(kind: string) {
    const type = types.find((candidate) => candidate.kind === kind);
    if (!type) throw new TypeError(`no kind ${kind}`);
    return this.informers.informer(type);
  }
}

/** A status as tables have it: unresolvable reasons carry a `!`. */
export function textOf(status: Status | undefined): string {
  if (!status || status.code === 'success') return fits;
  if (!isRejected(status)) return status.code;
  return `${status.code === 'unresolvable' ? '!' : ''}${status.reasons.join('; ')}`;
}

/** Nothing is written in these tables. */
const refusing = new Proxy({} as Client, {
  get: (_target, method) => () => Promise.reject(new TypeError(`${String(method)} was called`)),
});
