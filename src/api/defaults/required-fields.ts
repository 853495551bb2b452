/**
 * Gives required fields that the author left out their zero value, as a Go server has it: so that what is stored has
 * the shape that its type tells, and no reader trips over it. Validation refuses most of these objects.
 */
import { type FieldType, type StructSchema, structSchema } from '../schema.ts';

type JsonObject = Readonly<Record<string, unknown>>;

interface Plan {
  readonly zeros: readonly (readonly [name: string, zero: () => unknown])[];
  /** The fields whose values have structs in them. */
  readonly nested: readonly (readonly [name: string, type: FieldType])[];
}

const plans = new Map<StructSchema, Plan>();
/** A missing selector is an error of its own; a missing time stays unknown. */
const leftOut = new Set(['meta.v1.LabelSelector']);
/** Every object has these, also one inside a template. */
const ofKinds = new Set(['metadata', 'spec']);

function zeroOf(type: FieldType): (() => unknown) | undefined {
  switch (type.kind) {
    case 'list':
      return () => [];
    case 'map':
      return () => ({});
    case 'struct':
      return leftOut.has(type.ref) ? undefined : () => completeStruct(type.ref, {});
    case 'scalar':
      break;
  }
  switch (type.scalar) {
    case 'string':
    case 'bytes':
      return () => '';
    case 'bool':
      return () => false;
    case 'int32':
    case 'int64':
    case 'nanoseconds':
    case 'float64':
    case 'intstr':
      return () => 0;
    case 'quantity':
      return () => '0';
    default:
      return undefined;
  }
}

function hasStructs(type: FieldType): boolean {
  if (type.kind === 'list') return hasStructs(type.item);
  if (type.kind === 'map') return hasStructs(type.value);
  return type.kind === 'struct';
}

function planOf(schema: StructSchema): Plan {
  const known = plans.get(schema);
  if (known) return known;
  const zeros: [string, () => unknown][] = [];
  const nested: [string, FieldType][] = [];
  for (const field of schema.fields.values()) {
    const required = !field.optional || (schema.scope !== undefined && ofKinds.has(field.name));
    const zero = required ? zeroOf(field.type) : undefined;
    if (zero) zeros.push([field.name, zero]);
    if (hasStructs(field.type)) nested.push([field.name, field.type]);
  }
  const plan = { zeros, nested };
  plans.set(schema, plan);
  return plan;
}

function completeValue(type: FieldType, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (type.kind === 'struct') return completeStruct(type.ref, value as JsonObject);
  if (type.kind === 'list' && Array.isArray(value)) {
    const next = value.map((item) => completeValue(type.item, item));
    return next.every((item, index) => item === value[index]) ? value : next;
  }
  if (type.kind !== 'map') return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, inner, completeValue(type.value, inner)] as const);
  if (entries.every(([, inner, next]) => inner === next)) return value;
  return Object.fromEntries(entries.map(([key, , next]) => [key, next]));
}

/** The struct, and the structs in it, with their required fields. The input is not changed, and returned itself when complete. */
export function completeStruct(ref: string, object: JsonObject): JsonObject {
  const schema = structSchema(ref);
  if (!schema) return object;
  const { zeros, nested } = planOf(schema);
  let copy: Record<string, unknown> | undefined;
  for (const [name, type] of nested) {
    const value = object[name];
    if (value === undefined) continue;
    const next = completeValue(type, value);
    if (next === value) continue;
    copy ??= { ...object };
    copy[name] = next;
  }
  for (const [name, zero] of zeros) {
    if (object[name] !== undefined) continue;
    copy ??= { ...object };
    copy[name] = zero();
  }
  return copy ?? object;
}
