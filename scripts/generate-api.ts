/**
 * Turns the field tables of src/api/schema/*.api into src/api/gen: TypeScript interfaces for the compiler, and the same
 * tables as text for the server (decoding, patching, OpenAPI). Run with `npm run generate:api` after editing a table.
 *
 * A table line is `name[?] type [merge=key] [keys=a,b] [set] [retainKeys] [@number] [# description]`. Types: string,
 * string:GoName, int32, int64, nanoseconds (of 64 bits, rounded to what a double holds), float64, bool, time, microtime,
 * bytes, quantity, intstr, any, []T, map[T], Struct, group.Struct.
 *
 * `@4` is the field's protobuf number, `@2.4` that of a field of a struct that Go inlines as field 2. A `*` after it
 * marks a scalar whose empty value counts (a pointer in Go, or never omitted). A field without is not on the wire.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..', 'src', 'api');
const scalarTypes: Readonly<Record<string, string>> = {
  string: 'string',
  int32: 'number',
  int64: 'number',
  nanoseconds: 'number',
  float64: 'number',
  bool: 'boolean',
  time: 'string',
  microtime: 'string',
  bytes: 'string',
  quantity: 'string',
  intstr: 'number | string',
  any: 'unknown',
};
/** Set by the server on every object, so always there on an object that was read. */
const alwaysPresent = new Set(['name', 'uid', 'resourceVersion', 'creationTimestamp']);

interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string;
  readonly modifiers: string;
  readonly doc: string;
}

interface Struct {
  readonly head: string;
  readonly name: string;
  readonly isKind: boolean;
  readonly namespaced: boolean;
  readonly doc: string;
  readonly fields: Field[];
}

function parse(text: string): Struct[] {
  const structs: Struct[] = [];
  for (const line of text.split('\n')) {
    const [code = '', ...docs] = line.split(' # ');
    const doc = docs.join(' # ').trim();
    const words = code.trim().split(' ');
    const [first = '', second = ''] = words;
    if (!line.startsWith(' ') && (first === 'kind' || first === 'type')) {
      const namespaced = words[2] === 'namespaced';
      structs.push({ head: code.trim(), name: second, isKind: first === 'kind', namespaced, doc, fields: [] });
    } else if (line.startsWith('  ') && first) {
      const optional = first.endsWith('?');
      const name = optional ? first.slice(0, -1) : first;
      structs.at(-1)?.fields.push({ name, optional, type: second, modifiers: words.slice(2).join(' '), doc });
    }
  }
  return structs;
}

function typeScript(type: string, imports: Set<string>): string {
  if (type.startsWith('[]')) {
    const item = typeScript(type.slice(2), imports);
    return item.includes(' ') ? `readonly (${item})[]` : `readonly ${item}[]`;
  }
  if (type.startsWith('map[')) return `Readonly<Record<string, ${typeScript(type.slice(4, -1), imports)}>>`;
  if (type.startsWith('string:')) return 'string';
  const scalar = scalarTypes[type];
  if (scalar) return scalar;
  const [group] = type.split('.');
  if (type.includes('.') && group) imports.add(group);
  return type;
}

function propertyName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

function interfaceOf(group: string, struct: Struct, imports: Set<string>): string {
  let body = struct.doc ? `/** ${struct.doc} */\n` : '';
  body += `export interface ${struct.name} {\n`;
  if (struct.isKind) body += '  readonly apiVersion: string;\n  readonly kind: string;\n';
  for (const field of struct.fields) {
    let type = typeScript(field.type, imports);
    let optional = field.optional;
    if (struct.isKind && field.name === 'metadata') {
      imports.add('meta');
      type = struct.namespaced ? 'meta.NamespacedObjectMeta' : 'meta.ObjectMeta';
      optional = false;
    }
    // A template's metadata is what its user wrote.
    if (!struct.isKind && type === 'meta.ObjectMeta') type = 'Partial<meta.ObjectMeta>';
    if (struct.isKind && field.name === 'spec') optional = false;
    if (group === 'meta' && struct.name === 'ObjectMeta' && alwaysPresent.has(field.name)) optional = false;
    if (field.doc) body += `  /** ${field.doc} */\n`;
    body += `  readonly ${propertyName(field.name)}${optional ? '?' : ''}: ${type};\n`;
  }
  return `${body}}\n\n`;
}

function tableOf(struct: Struct): string {
  const lines = struct.fields.map((field) =>
    `${field.name}${field.optional ? '?' : ''} ${field.type} ${field.modifiers}`.trim(),
  );
  return [struct.head, ...lines].join('\n');
}

const versionOf = new Map<string, string>();
for (const file of readdirSync(join(root, 'schema'))) {
  const [group = '', version = ''] = basename(file, '.api').split('.');
  versionOf.set(group, version);
}

const tables: Record<string, Record<string, string>> = {};
const descriptions: Record<string, Record<string, Record<string, string>>> = {};
for (const [group, version] of versionOf) {
  const structs = parse(readFileSync(join(root, 'schema', `${group}.${version}.api`), 'utf8'));
  const imports = new Set<string>();
  let body = '';
  const table: Record<string, string> = {};
  const described: Record<string, Record<string, string>> = {};
  for (const struct of structs) {
    body += interfaceOf(group, struct, imports);
    table[struct.name] = tableOf(struct);
    const docs = Object.fromEntries(struct.fields.filter((field) => field.doc).map((field) => [field.name, field.doc]));
    if (struct.doc) docs[''] = struct.doc;
    if (Object.keys(docs).length > 0) described[struct.name] = docs;
  }
  if (group === 'meta') {
    body += '/** The metadata of an object that lives in a namespace. */\n';
    body += 'export interface NamespacedObjectMeta extends ObjectMeta {\n  readonly namespace: string;\n}\n';
    imports.delete('meta');
  }
  const importLines = [...imports]
    .filter((name) => name !== group)
    .sort()
    .map((name) => `import type * as ${name} from './${name}.${versionOf.get(name)}.gen.ts';\n`);
  const header = `// Generated from schema/${group}.${version}.api by \`npm run generate:api\`. Do not edit.\n`;
  writeFileSync(join(root, 'gen', `${group}.${version}.gen.ts`), `${header}${importLines.join('')}\n${body}`);
  tables[`${group}.${version}`] = table;
  descriptions[`${group}.${version}`] = described;
}

const header = '// Generated from schema/*.api by `npm run generate:api`. Do not edit.\n';
const level = (inner: string) => `Readonly<Record<string, ${inner}>>`;
writeFileSync(
  join(root, 'gen', 'tables.gen.ts'),
  `${header}export const tables: ${level(level('string'))} = ${JSON.stringify(tables, null, 1)};\n`,
);
writeFileSync(
  join(root, 'gen', 'descriptions.gen.ts'),
  `${header}export const descriptions: ${level(level(level('string')))} = ${JSON.stringify(descriptions, null, 1)};\n`,
);
