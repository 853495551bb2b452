import { type KubernetesObject, keyOf, type Labels, type Node } from '../../../api/index.ts';
import type { Lister } from '../../../client/index.ts';
import { NodeInfo } from '../../cache/node-info.ts';
import { PodInfo } from '../../cache/pod-info.ts';
import type { Snapshot } from '../../cache/snapshot.ts';
import { makeNode, makePod, type PodOptions } from './neighbours.ts';

export interface Cluster {
  /** Their labels. */
  readonly nodes: Readonly<Record<string, Labels | undefined>>;
  readonly nodeSpecs?: Readonly<Record<string, Node['spec']>>;
  /** Pods by node. */
  readonly placed?: Readonly<Record<string, readonly PodOptions[]>>;
}

export function snapshotOf({ nodes, nodeSpecs, placed }: Cluster): Snapshot {
  const infos = Object.entries(nodes).map(([name, labels]) => {
    const info = new NodeInfo(makeNode(name, labels, nodeSpecs?.[name]));
    for (const pod of placed?.[name] ?? []) info.addPod(new PodInfo(makePod(pod, name)));
    return info;
  });
  return {
    nodes: infos,
    nodesWithAffinity: infos.filter(({ podsWithAffinity }) => podsWithAffinity.size > 0),
    nodesWithRequiredAntiAffinity: infos.filter((info) => info.podsWithRequiredAntiAffinity.size > 0),
    node: (name) => infos.find((info) => info.name === name),
    claimUsers: () => 0,
    imageNodes: () => 0,
  };
}

export function listOf<T extends KubernetesObject>(objects: readonly T[]): Lister<T> {
  return {
    get: (key) => objects.find((object) => keyOf(object) === key),
    list: () => objects,
    byIndex: (_index, namespace) => objects.filter(({ metadata }) => metadata.namespace === namespace),
  };
}
