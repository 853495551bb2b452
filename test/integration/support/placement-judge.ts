/** Looks at every pod that is bound to a node: whether its volumes can be had there. */
import {
  type CSINode,
  csiNodes,
  type KubernetesObject,
  type Node,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type ResourceType,
  type StorageClass,
  storageClasses,
} from '../../../src/api/index.ts';
import {
  annBindCompleted,
  getClaimClass,
  podClaims,
  topologyTermsMatch,
  volumeMatchesNode,
} from '../../../src/component-helpers/index.ts';
import type { ControlPlane } from './control-plane.ts';

export class PlacementJudge {
  readonly violations: string[] = [];
  /** Pods that were bound. */
  bound = 0;
  readonly #objects = new Map<string, KubernetesObject>();

  static async start(plane: ControlPlane): Promise<PlacementJudge> {
    const judge = new PlacementJudge();
    await plane.onCommit((events) => {
      for (const { key, current, previous } of events) {
        const [plural = ''] = key.split('/');
        if (current) judge.#objects.set(key, current);
        else judge.#objects.delete(key);
        if (plural !== pods.plural) continue;
        const [before, pod] = [previous as Pod | undefined, current as Pod | undefined];
        if (pod?.spec.nodeName && !before?.spec.nodeName) judge.#onBound(pod, pod.spec.nodeName);
      }
    });
    return judge;
  }

  #get<T extends KubernetesObject>({ plural, kind }: ResourceType<T>, name: string, namespace = ''): T | undefined {
    for (const [key, object] of this.#objects) {
      const { metadata } = object;
      const isIt = metadata.name === name && (metadata.namespace ?? '') === namespace;
      if (isIt && key.includes(plural) && object.kind === kind) return object as T;
    }
    return undefined;
  }

  #onBound(pod: Pod, nodeName: string): void {
    this.bound++;
    const { namespace, name } = pod.metadata;
    const node = this.#get<Node>(nodes, nodeName);
    const csiNode = this.#get<CSINode>(csiNodes, nodeName);
    for (const { claimName } of podClaims(pod)) {
      const claim = this.#get<PersistentVolumeClaim>(persistentVolumeClaims, claimName, namespace);
      const volume = this.#get<PersistentVolume>(persistentVolumes, claim?.spec.volumeName ?? '');
      const volumeClass = claim && this.#get<StorageClass>(storageClasses, getClaimClass(claim));
      const told = (what: string) => this.violations.push(`${name} on ${nodeName}: ${what}`);
      if (claim?.metadata.annotations?.[annBindCompleted] === undefined || !volume) told(`${claimName} is not bound`);
      else if (!node || !volumeMatchesNode(volume, node)) told(`${volume.metadata.name} cannot be reached`);
      if (!topologyTermsMatch(volumeClass?.allowedTopologies, node?.metadata.labels))
        told('the class does not allow it');
      const driver = volume?.spec.csi?.driver;
      if (!csiNode?.spec.drivers.some((one) => one.name === driver)) told(`${driver} is not there`);
    }
  }
}
