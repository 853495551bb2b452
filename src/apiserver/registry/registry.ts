/** The kinds that are served. Built-in kinds are registered at start; CustomResourceDefinitions add and remove theirs. */
import { groupResourceOf, type KubernetesObject, type ResourceType } from '../../api/index.ts';
import type { Strategy } from './strategy.ts';

export interface RegisteredResource {
  readonly type: ResourceType;
  /** `persistentvolumes`, `storageclasses.storage.k8s.io` */
  readonly name: string;
  /** Prefix of the store's keys, with the slash. */
  readonly prefix: string;
  readonly strategy: Strategy;
  /** Set when objects are stored as another version of the kind. */
  readonly conversion?: Conversion;
  /** Set for kinds that are asked and not stored: a review, whose answer is its status. */
  readonly virtual?: boolean;
}

export interface Conversion {
  readonly storedAs: ResourceType;
  toStored(object: KubernetesObject): KubernetesObject;
  /** Called for every read: cheap, and frozen like its input. */
  fromStored(object: KubernetesObject): KubernetesObject;
}

export interface ResourceOptions {
  readonly strategy?: Strategy;
  readonly conversion?: Conversion;
  readonly virtual?: boolean;
}

export class Registry {
  readonly #byType = new Map<ResourceType, RegisteredResource>();
  readonly #byPath = new Map<string, RegisteredResource>();
  /** Changes whenever a kind comes or goes: caches of discovery documents compare it. */
  generation = 0;

  register(type: ResourceType, options: ResourceOptions = {}): RegisteredResource {
    const name = groupResourceOf(type);
    const resource: RegisteredResource = {
      type,
      name,
      prefix: `${options.conversion ? groupResourceOf(options.conversion.storedAs) : name}/`,
      strategy: options.strategy ?? {},
      ...(options.conversion ? { conversion: options.conversion } : {}),
      ...(options.virtual ? { virtual: true } : {}),
    };
    this.#byType.set(type, resource);
    this.#byPath.set(pathOf(type), resource);
    this.generation++;
    return resource;
  }

  unregister(type: ResourceType): void {
    const resource = this.#byPath.get(pathOf(type));
    if (!resource) return;
    this.#byPath.delete(pathOf(type));
    this.#byType.delete(resource.type);
    this.generation++;
  }

  /** Undefined when the kind is not served. Any equal ResourceType will do. */
  find(type: Pick<ResourceType, 'group' | 'version' | 'plural'>): RegisteredResource | undefined {
    return this.#byType.get(type as ResourceType) ?? this.#byPath.get(pathOf(type));
  }

  all(): Iterable<RegisteredResource> {
    return this.#byPath.values();
  }
}

function pathOf(type: Pick<ResourceType, 'group' | 'version' | 'plural'>): string {
  return `${type.group}/${type.version}/${type.plural}`;
}

/** The store's key of an object. Names hold no slash, so no object can pose as one of another namespace or kind. */
export function keyFor(resource: RegisteredResource, namespace: string | undefined, name: string): string {
  return resource.type.namespaced ? `${resource.prefix}${namespace}/${name}` : resource.prefix + name;
}

/** The prefix of the keys of a kind, or of its objects in one namespace. */
export function prefixFor(resource: RegisteredResource, namespace: string | undefined): string {
  return namespace && resource.type.namespaced ? `${resource.prefix}${namespace}/` : resource.prefix;
}
