/** Who owns whom, by uid. Kept by the controller's handlers, read by its syncs. */
import { groupOf, type KubernetesObject, type OwnerReference, type ResourceType } from '../../api/index.ts';

export interface GraphNode {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
}

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  node(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** The known objects that name the uid as an owner. */
  dependents(ownerUid: string): readonly GraphNode[] {
    const uids = this.#dependents.get(ownerUid);
    return uids ? [...uids].flatMap((uid) => this.#nodes.get(uid) ?? []) : [];
  }

  /** The uids of known objects with an owner of one of these kinds that is not known. */
  ownedByUnknown(types: readonly ResourceType[]): readonly string[] {
    const isMeant = ({ apiVersion, kind, uid }: OwnerReference) =>
      !this.#nodes.has(uid) && types.some((type) => type.kind === kind && type.group === groupOf(apiVersion));
    const nodes = [...this.#nodes.values()].filter(({ object }) => object.metadata.ownerReferences?.some(isMeant));
    return nodes.map(({ object }) => object.metadata.uid);
  }

  /** Nothing is known any more of objects of this kind. */
  forget(type: ResourceType): void {
    for (const node of [...this.#nodes.values()]) if (node.type === type) this.delete(node.object);
  }

  set(type: ResourceType, object: KubernetesObject): void {
    const { uid } = object.metadata;
    const before = this.#nodes.get(uid);
    this.#nodes.set(uid, { type, object });
    const references = object.metadata.ownerReferences;
    if (before?.object.metadata.ownerReferences === references) return;
    if (before) this.#unlink(before.object);
    for (const reference of references ?? []) {
      const uids = this.#dependents.get(reference.uid) ?? new Set();
      this.#dependents.set(reference.uid, uids.add(uid));
    }
  }

  delete(object: KubernetesObject): void {
    const known = this.#nodes.get(object.metadata.uid);
    if (!known) return;
    this.#nodes.delete(object.metadata.uid);
    this.#unlink(known.object);
  }

  #unlink(object: KubernetesObject): void {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const uids = this.#dependents.get(uid);
      uids?.delete(object.metadata.uid);
      if (uids?.size === 0) this.#dependents.delete(uid);
    }
  }
}
