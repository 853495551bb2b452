import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import type { FieldError } from './field-error.ts';

/** The rules that a new object (decoded, defaulted, its name generated) breaks. */
export function validateCreate(_type: ResourceType, _object: KubernetesObject): readonly FieldError[] {
  return [];
}

/** The rules that a change breaks. `previous` is what is stored; `subresource` is the one written through, if any. */
export function validateUpdate(
  _type: ResourceType,
  _object: KubernetesObject,
  _previous: KubernetesObject,
  _subresource?: string,
): readonly FieldError[] {
  return [];
}
