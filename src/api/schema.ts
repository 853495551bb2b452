/**
 * The field tables of the built-in kinds, parsed on first use so that a process pays only for the kinds it touches.
 * Decoding, patching, managed fields and OpenAPI read them.
 */
import { tables } from './gen/tables.gen.ts';
import type { ResourceType } from './meta/resource-type.ts';

export type ScalarName =
  | 'string'
  | 'int32'
  | 'int64'
  | 'nanoseconds'
  | 'float64'
  | 'bool'
  | 'time'
  | 'microtime'
  | 'bytes'
  | 'quantity'
  | 'intstr'
  | 'any';

export type FieldType =
  | {
      readonly kind: 'scalar';
      readonly scalar: ScalarName /** The Go name of a string type. */;
      readonly goName?: string;
    }
  | { readonly kind: 'list'; readonly item: FieldType }
  | { readonly kind: 'map'; readonly value: FieldType }
  | { readonly kind: 'struct' /** As structSchema takes it. */; readonly ref: string };

export interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly type: FieldType;
  /** Strategic merge: the key field that tells the items of a list apart. */
  readonly mergeKey: string | undefined;
  /** Server-side apply: the key fields of an associative list; empty for an atomic list. */
  readonly listKeys: readonly string[];
  /** A list of scalars that is merged as a set. */
  readonly set: boolean;
  /** Strategic merge: `$retainKeys` applies, so a patch replaces one alternative of a union by another. */
  readonly retainKeys: boolean;
  /** Protobuf: its number, after those of the structs that Go inlines around it; undefined when it is not on the wire. */
  readonly wirePath: readonly number[] | undefined;
  /** Protobuf: an empty value on the wire is a value; elsewhere it means that nothing was set. */
  readonly keepsZero: boolean;
}

export interface StructSchema {
  /** `core.v1.PodSpec` */
  readonly ref: string;
  readonly name: string;
  /** Set for kinds that are served; their fields include apiVersion and kind. */
  readonly scope: 'namespaced' | 'cluster' | undefined;
  readonly fields: ReadonlyMap<string, Field>;
}

const scalarNames = new Set<string>([
  'string',
  'int32',
  'int64',
  'nanoseconds',
  'float64',
  'bool',
  'time',
  'microtime',
  'bytes',
  'quantity',
  'intstr',
  'any',
]);
const versionOfGroup = new Map(Object.keys(tables).map((key) => [key.slice(0, key.indexOf('.')), key]));
const parsed = new Map<string, StructSchema>();
const typeMeta: readonly Field[] = [parseField('apiVersion? string', ''), parseField('kind? string', '')];

function isScalarName(text: string): text is ScalarName {
  return scalarNames.has(text);
}

function parseType(text: string, group: string): FieldType {
  if (text.startsWith('[]')) return { kind: 'list', item: parseType(text.slice(2), group) };
  if (text.startsWith('map[')) return { kind: 'map', value: parseType(text.slice(4, -1), group) };
  if (text.startsWith('string:')) return { kind: 'scalar', scalar: 'string', goName: text.slice(7) };
  if (isScalarName(text)) return { kind: 'scalar', scalar: text };
  const dot = text.indexOf('.');
  if (dot < 0) return { kind: 'struct', ref: `${group}.${text}` };
  return { kind: 'struct', ref: `${versionOfGroup.get(text.slice(0, dot))}.${text.slice(dot + 1)}` };
}

function parseField(line: string, group: string): Field {
  const [first = '', type = '', ...modifiers] = line.split(' ');
  const optional = first.endsWith('?');
  const mergeKey = modifiers.find((word) => word.startsWith('merge='))?.slice('merge='.length);
  const keys = modifiers.find((word) => word.startsWith('keys='))?.slice('keys='.length);
  const wire = modifiers.find((word) => word.startsWith('@'))?.slice(1);
  const keepsZero = wire?.endsWith('*') ?? false;
  return {
    name: optional ? first.slice(0, -1) : first,
    optional,
    type: parseType(type, group),
    mergeKey,
    listKeys: keys?.split(',') ?? (mergeKey ? [mergeKey] : []),
    set: modifiers.includes('set'),
    retainKeys: modifiers.includes('retainKeys'),
    wirePath: (keepsZero ? wire?.slice(0, -1) : wire)?.split('.').map(Number),
    keepsZero,
  };
}

/** The table of a struct by its full name (`core.v1.PodSpec`), or undefined when there is none. */
export function structSchema(ref: string): StructSchema | undefined {
  const known = parsed.get(ref);
  if (known) return known;
  const dot = ref.lastIndexOf('.');
  const group = ref.slice(0, dot);
  const structs = tables[group];
  const structName = ref.slice(dot + 1);
  // A client may ask for the kind `constructor`.
  const text = structs && Object.hasOwn(structs, structName) ? structs[structName] : undefined;
  if (text === undefined) return undefined;
  const [head = '', ...lines] = text.split('\n');
  const [kindOrType, name = '', scope] = head.split(' ');
  const isKind = kindOrType === 'kind';
  const fields = new Map<string, Field>(isKind ? typeMeta.map((field) => [field.name, field]) : []);
  for (const line of lines) {
    const field = parseField(line, group);
    fields.set(field.name, field);
  }
  const schema: StructSchema = {
    ref,
    name,
    scope: isKind ? (scope === 'namespaced' ? 'namespaced' : 'cluster') : undefined,
    fields,
  };
  parsed.set(ref, schema);
  return schema;
}

const tableKeyOfGroup: Readonly<Record<string, string>> = {
  '': 'core',
  apps: 'apps',
  batch: 'batch',
  policy: 'policy',
  autoscaling: 'autoscaling',
  'storage.k8s.io': 'storage',
  'snapshot.storage.k8s.io': 'snapshot',
  'coordination.k8s.io': 'coordination',
  'events.k8s.io': 'events',
  'scheduling.k8s.io': 'scheduling',
  'discovery.k8s.io': 'discovery',
  'apiextensions.k8s.io': 'apiextensions',
  'rbac.authorization.k8s.io': 'rbac',
  'authentication.k8s.io': 'authentication',
  'authorization.k8s.io': 'authorization',
};

/** The full name of a built-in kind's struct; undefined for kinds that a CustomResourceDefinition defines. */
export function schemaRefOf(type: Pick<ResourceType, 'group' | 'version' | 'kind'>): string | undefined {
  const group = Object.hasOwn(tableKeyOfGroup, type.group) ? tableKeyOfGroup[type.group] : undefined;
  const ref = `${group}.${type.version}.${type.kind}`;
  return group !== undefined && structSchema(ref) ? ref : undefined;
}

/** The table of a built-in kind; undefined for kinds that a CustomResourceDefinition defines. */
export function schemaOf(type: Pick<ResourceType, 'group' | 'version' | 'kind'>): StructSchema | undefined {
  const ref = schemaRefOf(type);
  return ref === undefined ? undefined : structSchema(ref);
}
