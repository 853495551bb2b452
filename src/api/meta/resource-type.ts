import type { ObjectMeta } from '../gen/meta.v1.gen.ts';

/** What every API object has. Objects that were read are frozen: copy on write. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** Metadata as a client writes it: the server fills the rest. */
export type DraftMeta = Partial<ObjectMeta>;

/** An object to create: no apiVersion and kind needed (the ResourceType tells), metadata as far as the client knows it. */
export type Draft<T extends KubernetesObject> = Omit<T, 'apiVersion' | 'kind' | 'metadata'> & {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: DraftMeta;
};

/** A kind of object and where the API serves it. The type parameter is the TypeScript interface of its objects. */
export interface ResourceType<T extends KubernetesObject = KubernetesObject> {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly categories: readonly string[];
  /** Subresources that are read and written like the object: status, scale. */
  readonly subresources: readonly string[];
  /** Never set: carries T for the compiler. */
  readonly objectType?: T;
}

export interface ObjectKey {
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `v1`, `storage.k8s.io/v1` */
export function apiVersionOf(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** `apps` of `apps/v1`, '' of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `persistentvolumes`, `storageclasses.storage.k8s.io`: the name of a resource in messages and stores. */
export function groupResourceOf(type: Pick<ResourceType, 'group' | 'plural'>): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of caches and queues. */
export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
