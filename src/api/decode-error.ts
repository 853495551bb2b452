/** The words in which Go's JSON decoder tells of a value that does not fit its field. */
import { type FieldType, structSchema } from './schema.ts';

/** Where the decoder stands: the innermost struct and the names of the fields that lead there. */
export interface FieldPath {
  struct: string | undefined;
  readonly names: string[];
}

const scalarGoTypes: Readonly<Record<string, string>> = { bytes: '[]uint8', quantity: 'resource.Quantity' };

function goType(type: FieldType): string {
  switch (type.kind) {
    case 'list':
      return `[]${goType(type.item)}`;
    case 'map':
      if (type.value.kind === 'scalar' && type.value.scalar === 'quantity') return 'v1.ResourceList';
      return `map[string]${goType(type.value)}`;
    case 'struct':
      return `v1.${structSchema(type.ref)?.name ?? type.ref}`;
    case 'scalar':
      return type.goName ? `v1.${type.goName}` : (scalarGoTypes[type.scalar] ?? type.scalar);
  }
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

export interface Mismatch {
  readonly path: FieldPath;
  readonly type: FieldType;
  readonly raw: unknown;
  /** How the value is named, where its JSON type alone does not tell: `number 1.5`. */
  readonly shown: string | undefined;
}

export function typeMismatch({ path, type, raw, shown }: Mismatch): string {
  const value = shown ?? jsonKind(raw);
  const target = path.struct === undefined ? 'value' : `struct field ${path.struct}.${path.names.join('.')}`;
  return `json: cannot unmarshal ${value} into Go ${target} of type ${goType(type)}`;
}
