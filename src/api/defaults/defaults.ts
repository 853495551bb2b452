import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';

/** The object with the defaults of its kind filled in. The input is not changed, and returned itself when complete. */
export function applyDefaults<T extends KubernetesObject>(_type: ResourceType, object: T): T {
  return object;
}
