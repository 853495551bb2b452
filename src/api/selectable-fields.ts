import type { KubernetesObject, ResourceType } from './meta/resource-type.ts';

/** The fields that a field selector may name for this kind, with this object's values. Other labels are refused. */
export function selectableFields(_type: ResourceType, object: KubernetesObject): Readonly<Record<string, string>> {
  return { 'metadata.name': object.metadata.name };
}
