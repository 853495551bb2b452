/** Which parts of a value have owners of their own. Read from the field tables. */
import { type Field, type FieldType, type ResourceType, schemaRefOf, structSchema } from '../../api/index.ts';
import { isJsonObject, ownValue } from '../patch/own-property.ts';

/** A place in an object: what may stand there, and how a list there is told apart. */
export interface Slot {
  /** Undefined where no table says: maps are merged, lists replaced. */
  readonly type: FieldType | undefined;
  readonly listKeys: readonly string[];
  readonly isSet: boolean;
  readonly isAtomic: boolean;
}

export interface Part {
  /** As in managedFields. */
  readonly element: string;
  readonly value: unknown;
  readonly slot: Slot;
  /** An item of a list is a field itself, besides what it consists of. */
  readonly isItem: boolean;
}

/** Structs that are replaced whole: selectors and references, whose parts make no sense one by one. */
const atomicStructs = new Set([
  'meta.v1.LabelSelector',
  'core.v1.ConfigMapKeySelector',
  'core.v1.LocalObjectReference',
  'core.v1.NodeSelector',
  'core.v1.NodeSelectorTerm',
  'core.v1.ObjectFieldSelector',
  'core.v1.ObjectReference',
  'core.v1.ResourceFieldSelector',
  'core.v1.ScopeSelector',
  'core.v1.SecretKeySelector',
  'core.v1.SecretReference',
  'core.v1.TopologySelectorTerm',
  'core.v1.TypedLocalObjectReference',
]);
const atomicFields = new Set(['core.v1.PodSpec.nodeSelector', 'core.v1.ServiceSpec.selector']);
/** Keys that a client may leave out, because they have a default. */
const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

const untyped: Slot = { type: undefined, listKeys: [], isSet: false, isAtomic: false };

export function rootSlot(type: ResourceType): Slot {
  const ref = schemaRefOf(type);
  return ref === undefined ? untyped : { ...untyped, type: { kind: 'struct', ref } };
}

function slotOf(structRef: string, field: Field): Slot {
  const isAtomic =
    (field.type.kind === 'struct' && atomicStructs.has(field.type.ref)) ||
    atomicFields.has(`${structRef}.${field.name}`);
  return { type: field.type, listKeys: field.listKeys, isSet: field.set, isAtomic };
}

function slotOfType(type: FieldType): Slot {
  const isAtomic = type.kind === 'struct' && atomicStructs.has(type.ref);
  return { ...untyped, type, isAtomic };
}

/** The parts of a value; undefined when it is one whole. */
export function partsOf(value: unknown, slot: Slot): readonly Part[] | undefined {
  if (slot.isAtomic) return undefined;
  if (Array.isArray(value)) return partsOfList(value, slot);
  if (!isJsonObject(value)) return undefined;
  const { type } = slot;
  if (type?.kind === 'scalar') return undefined;
  const schema = type?.kind === 'struct' ? structSchema(type.ref) : undefined;
  return Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .map((key) => {
      const field = schema?.fields.get(key);
      const inner =
        field && schema ? slotOf(schema.ref, field) : type?.kind === 'map' ? slotOfType(type.value) : untyped;
      return { element: `f:${key}`, value: value[key], slot: inner, isItem: false };
    });
}

function partsOfList(list: readonly unknown[], slot: Slot): readonly Part[] | undefined {
  const item = slot.type?.kind === 'list' ? slotOfType(slot.type.item) : untyped;
  if (slot.isSet) {
    return list.map((value) => ({ element: `v:${JSON.stringify(value)}`, value, slot: item, isItem: true }));
  }
  if (slot.listKeys.length === 0) return undefined;
  return list.map((value) => ({ element: keyElement(value, slot.listKeys), value, slot: item, isItem: true }));
}

function keyElement(item: unknown, keys: readonly string[]): string {
  const values = [...keys].sort().map((key): [string, unknown] => {
    const value = isJsonObject(item) ? ownValue(item, key) : undefined;
    return [key, value ?? keyDefaults[key] ?? null];
  });
  return `k:${JSON.stringify(Object.fromEntries(values))}`;
}
