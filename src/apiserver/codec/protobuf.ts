/**
 * Reads the protobuf bodies that Go clients send, into the JSON value that the same object would have been. Answers
 * are JSON: clients accept both. Upstream: apimachinery runtime/serializer/protobuf.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ApiStatusError, type FieldType, type ScalarName, schemaRefOf, structSchema } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { setOwn } from '../patch/own-property.ts';
import { protobufFields } from './protobuf-fields.ts';

/** Every body starts with it. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
/** Deeper bodies are refused before anything recurses over them. */
const maxDepth = 200;

interface WireField {
  readonly name: string;
  readonly type: FieldType;
  readonly optional: boolean;
  /** An empty value is a value. */
  readonly isPointer: boolean;
}

/** A message as it is on the wire: fields by number, and the structs that JSON inlines. */
interface Message {
  readonly fields: Map<number, WireField>;
  readonly inlined: Map<number, Message>;
}

type Properties = Record<string, unknown>;

let linesByRef: ReadonlyMap<string, string> | undefined;
const messages = new Map<string, Message>();

function linesOf(): ReadonlyMap<string, string> {
  linesByRef ??= new Map(
    protobufFields
      .trim()
      .split('\n')
      .map((line): [string, string] => {
        const space = line.indexOf(' ');
        return [line.slice(0, space), line.slice(space + 1)];
      }),
  );
  return linesByRef;
}

function messageFor(ref: string): Message {
  const known = messages.get(ref);
  if (known) return known;
  const message: Message = { fields: new Map(), inlined: new Map() };
  messages.set(ref, message);
  const schema = structSchema(ref);
  for (const entry of linesOf().get(ref)?.split(' ') ?? []) {
    const [name = '', place = ''] = entry.split('=');
    const field = schema?.fields.get(name);
    if (!field) continue;
    const isPointer = place.endsWith('*');
    const path = (isPointer ? place.slice(0, -1) : place).split('.').map(Number);
    const target = path.slice(0, -1).reduce(inlinedAt, message);
    target.fields.set(path.at(-1) ?? 0, { name, type: field.type, optional: field.optional, isPointer });
  }
  return message;
}

function inlinedAt(message: Message, number: number): Message {
  const existing = message.inlined.get(number);
  if (existing) return existing;
  const inlined: Message = { fields: new Map(), inlined: new Map() };
  message.inlined.set(number, inlined);
  return inlined;
}

function malformed(detail: string, cause?: unknown): ApiStatusError {
  return ApiStatusError.of('BadRequest', `the protobuf body cannot be read: ${detail}`, undefined, { cause });
}

export interface WireObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** Opens the envelope: which kind it says it holds, and its bytes. */
export function openEnvelope(body: Uint8Array): WireObject {
  if (body.length < magic.length || magic.compare(body, 0, magic.length) !== 0) throw malformed('no envelope');
  return guarded(() => {
    const reader = new BinaryReader(body.subarray(magic.length));
    let typeMeta: readonly [string, string] = ['', ''];
    let bytes: Uint8Array = new Uint8Array();
    eachField(reader, (number, wireType) => {
      if (number === 1) typeMeta = readStrings(new BinaryReader(reader.bytes()));
      else if (number === 2) bytes = reader.bytes();
      else reader.skip(wireType);
    });
    return { apiVersion: typeMeta[0], kind: typeMeta[1], bytes };
  });
}

/** The object as JSON; undefined for kinds that have no protobuf form here. Throws BadRequest for bytes that are none. */
export function decodeProtobuf(body: Uint8Array): unknown {
  const { apiVersion, kind, bytes } = openEnvelope(body);
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  // Options belong to every group, and a question about oneself has no content.
  const ref = kind === 'DeleteOptions' ? 'meta.v1.DeleteOptions' : schemaRefOf({ group, version, kind });
  if (kind === 'SelfSubjectReview') return { apiVersion, kind };
  if (ref === undefined || !linesOf().has(ref)) return undefined;
  const object = guarded(() => readMessage(new BinaryReader(bytes), messageFor(ref), 0));
  return { ...object, apiVersion, kind };
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof ApiStatusError) throw thrown;
    throw malformed(messageOf(thrown), thrown);
  }
}

function eachField(reader: BinaryReader, take: (number: number, wireType: WireType) => void): void {
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    take(number, wireType);
  }
}

/** The first two string fields of a message. */
function readStrings(reader: BinaryReader): readonly [string, string] {
  const found: [string, string] = ['', ''];
  eachField(reader, (number, wireType) => {
    if (number === 1 || number === 2) found[number - 1] = reader.string();
    else reader.skip(wireType);
  });
  return found;
}

function readMessage(reader: BinaryReader, message: Message, depth: number, into: Properties = {}): Properties {
  if (depth > maxDepth) throw malformed('it is nested too deeply');
  eachField(reader, (number, wireType) => {
    const inlined = message.inlined.get(number);
    if (inlined) {
      readMessage(new BinaryReader(reader.bytes()), inlined, depth + 1, into);
      return;
    }
    const field = message.fields.get(number);
    if (field) readField(reader, { field, wireType, depth }, into);
    else reader.skip(wireType);
  });
  return into;
}

interface FieldRead {
  readonly field: WireField;
  readonly wireType: WireType;
  readonly depth: number;
}

function readField(reader: BinaryReader, { field, wireType, depth }: FieldRead, into: Properties): void {
  const { name, type } = field;
  switch (type.kind) {
    case 'list': {
      into[name] ??= [];
      const list = into[name] as unknown[];
      const isPacked =
        wireType === WireType.LengthDelimited && type.item.kind === 'scalar' && isVarint(type.item.scalar);
      if (isPacked) readPacked(reader, type.item, list);
      else list.push(readValue(reader, type.item, depth));
      return;
    }
    case 'map': {
      into[name] ??= {};
      const map = into[name] as Properties;
      const { key, value } = readEntry(new BinaryReader(reader.bytes()), type.value, depth);
      setOwn(map, key, value);
      return;
    }
    default: {
      const value = readValue(reader, type, depth);
      const isUnset = value === undefined || (isZero(value) && field.optional && !field.isPointer);
      if (!isUnset) into[name] = value;
    }
  }
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function isVarint(scalar: ScalarName): boolean {
  return scalar === 'int32' || scalar === 'int64' || scalar === 'bool';
}

function readPacked(reader: BinaryReader, item: FieldType, list: unknown[]): void {
  const packed = new BinaryReader(reader.bytes());
  while (packed.pos < packed.len) list.push(readValue(packed, item, 0));
}

function readEntry(reader: BinaryReader, type: FieldType, depth: number): { key: string; value: unknown } {
  let key = '';
  let value: unknown;
  eachField(reader, (number, wireType) => {
    if (number === 1) key = reader.string();
    else if (number === 2) value = readMapValue(reader, type, depth);
    else reader.skip(wireType);
  });
  return { key, value: value ?? zeroOf(type) };
}

/** A list as the value of a map is wrapped in a message of its own. */
function readMapValue(reader: BinaryReader, type: FieldType, depth: number): unknown {
  if (type.kind !== 'list') return readValue(reader, type, depth);
  const items: unknown[] = [];
  const wrapped = new BinaryReader(reader.bytes());
  eachField(wrapped, (number, wireType) => {
    if (number === 1) items.push(readValue(wrapped, type.item, depth));
    else wrapped.skip(wireType);
  });
  return items;
}

function zeroOf(type: FieldType): unknown {
  if (type.kind === 'list') return [];
  return type.kind === 'scalar' ? '' : {};
}

function readValue(reader: BinaryReader, type: FieldType, depth: number): unknown {
  if (type.kind === 'struct') return readMessage(new BinaryReader(reader.bytes()), messageFor(type.ref), depth + 1);
  if (type.kind !== 'scalar') throw malformed('a list of lists');
  switch (type.scalar) {
    case 'string':
      return reader.string();
    case 'int32':
      return reader.int32();
    case 'int64':
      return int64(reader);
    case 'float64':
      return reader.double();
    case 'bool':
      return reader.bool();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'quantity':
      return readStrings(new BinaryReader(reader.bytes()))[0];
    case 'time':
    case 'microtime':
      return readTime(new BinaryReader(reader.bytes()), type.scalar);
    case 'intstr':
      return readIntOrString(new BinaryReader(reader.bytes()));
    case 'any':
      return readRaw(new BinaryReader(reader.bytes()));
  }
}

/** A number where a double holds it, else its digits: nothing rounds them, and the field's type refuses them. */
function int64(reader: BinaryReader): number | string {
  const value = BigInt(reader.int64());
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Undefined for Go's zero time, which is an empty message. */
function readTime(reader: BinaryReader, scalar: 'time' | 'microtime'): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  eachField(reader, (number, wireType) => {
    if (number === 1) seconds = Number(reader.int64());
    else if (number === 2) nanos = reader.int32();
    else reader.skip(wireType);
  });
  if (seconds === undefined) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (scalar === 'time') return `${whole}Z`;
  return `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function readIntOrString(reader: BinaryReader): number | string {
  let isText = false;
  let number = 0;
  let text = '';
  eachField(reader, (field, wireType) => {
    if (field === 1) isText = Number(reader.int64()) === 1;
    else if (field === 2) number = reader.int32();
    else if (field === 3) text = reader.string();
    else reader.skip(wireType);
  });
  return isText ? text : number;
}

/** A value without a type of its own travels as its JSON. */
function readRaw(reader: BinaryReader): unknown {
  let raw: unknown;
  eachField(reader, (number, wireType) => {
    if (number === 1) raw = JSON.parse(Buffer.from(reader.bytes()).toString('utf8') || 'null');
    else reader.skip(wireType);
  });
  return raw ?? undefined;
}
