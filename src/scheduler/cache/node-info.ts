import type { Node } from '../../api/index.ts';
import { UsedPorts } from './host-ports.ts';
import type { PodInfo } from './pod-info.ts';
import { amountOf, Resource, type ResourceAmounts } from './resource.ts';

let generations = 0;

interface Contents {
  readonly requested: Resource;
  readonly nonZeroRequested: Resource;
  readonly usedPorts: UsedPorts;
  readonly pods: ReadonlyMap<string, PodInfo>;
}

/** A node with what runs on it or is about to. Owned by the scheduler cache; plugins only read. */
export class NodeInfo {
  node: Node;
  readonly name: string;
  /** Pods bound to the node or assumed to be, by uid. */
  readonly pods = new Map<string, PodInfo>();
  /** Those with an affinity or anti-affinity to other pods. */
  readonly podsWithAffinity = new Map<string, PodInfo>();
  readonly podsWithRequiredAntiAffinity = new Map<string, PodInfo>();
  /** The sum of the pods' requests. */
  readonly requested: Resource;
  /** The same with an assumed amount for containers that ask for nothing. */
  readonly nonZeroRequested: Resource;
  readonly usedPorts: UsedPorts;
  allocatable: ResourceAmounts;
  /** How many pods the node takes. */
  allowedPods: number;
  /** The images that the node has, with their sizes in bytes, by each of their names. */
  images: ReadonlyMap<string, number>;
  /** Changes with every change of the node or its pods; no two nodes share a value. For caching what follows from them. */
  generation = 0;

  constructor(node: Node, contents?: Contents) {
    this.node = node;
    this.name = node.metadata.name;
    this.requested = contents?.requested ?? new Resource();
    this.nonZeroRequested = contents?.nonZeroRequested ?? new Resource();
    this.usedPorts = contents?.usedPorts ?? new UsedPorts();
    for (const info of contents?.pods.values() ?? []) this.#list(info);
    this.allocatable = allocatableOf(node);
    this.allowedPods = allowedPodsOf(node);
    this.images = imagesOf(node);
    this.#touch();
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = allocatableOf(node);
    this.allowedPods = allowedPodsOf(node);
    this.images = imagesOf(node);
    this.#touch();
  }

  addPod(info: PodInfo): void {
    this.removePod(info.uid);
    this.#list(info);
    this.requested.add(info.requests);
    this.nonZeroRequested.add(info.nonZeroRequests);
    this.usedPorts.add(info.hostPorts);
    this.#touch();
  }

  removePod(uid: string): PodInfo | undefined {
    const info = this.pods.get(uid);
    if (!info) return undefined;
    this.pods.delete(uid);
    this.podsWithAffinity.delete(uid);
    this.podsWithRequiredAntiAffinity.delete(uid);
    this.requested.add(info.requests, -1);
    this.nonZeroRequested.add(info.nonZeroRequests, -1);
    this.usedPorts.remove(info.hostPorts);
    this.#touch();
    return info;
  }

  /** A copy to try changes on. */
  clone(): NodeInfo {
    return new NodeInfo(this.node, {
      requested: this.requested.clone(),
      nonZeroRequested: this.nonZeroRequested.clone(),
      usedPorts: this.usedPorts.clone(),
      pods: this.pods,
    });
  }

  #list(info: PodInfo): void {
    this.pods.set(info.uid, info);
    if (info.hasAffinity) this.podsWithAffinity.set(info.uid, info);
    if (info.hasRequiredAntiAffinity) this.podsWithRequiredAntiAffinity.set(info.uid, info);
  }

  #touch(): void {
    this.generation = ++generations;
  }
}

function allocatableOf(node: Node): ResourceAmounts {
  const { pods: _pods, ...resources } = node.status?.allocatable ?? {};
  return Resource.of(resources);
}

function allowedPodsOf(node: Node): number {
  const limit = node.status?.allocatable?.pods;
  return limit === undefined ? 0 : amountOf('pods', limit);
}

function imagesOf(node: Node): ReadonlyMap<string, number> {
  const images = new Map<string, number>();
  for (const { names, sizeBytes } of node.status?.images ?? []) {
    for (const name of names ?? []) images.set(name, sizeBytes ?? 0);
  }
  return images;
}
