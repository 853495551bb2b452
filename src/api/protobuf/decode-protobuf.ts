/**
 * Reads the protobuf bodies that Go clients send into the value that the JSON body of the same object would have been;
 * decode() then checks it as any other. Upstream: apimachinery runtime/serializer/protobuf.
 */
import { type Field, type FieldType, type ScalarName, schemaRefOf } from '../schema.ts';
import { type Message, messageFor } from './message.ts';
import { readIntOrString, readJson, readQuantity, readTime } from './well-known-values.ts';
import { malformed, WireReader } from './wire-reader.ts';

type Properties = Record<string, unknown>;

/** Every body starts with it: `k8s` and a zero byte. */
const magic: readonly number[] = [0x6b, 0x38, 0x73, 0x00];
/** No kind comes near it; deeper bodies are refused before anything recurses over them. */
const maxDepth = 100;

interface WireObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly bytes: Uint8Array;
}

export interface ProtobufOptions {
  /** Reads the JSON of values that have no type, as the bodies in JSON are read. */
  readonly parseJson: (text: string) => unknown;
}

/** Undefined for a kind that has no protobuf form here. Throws BadRequest for bytes that make no sense. */
export function decodeProtobuf(body: Uint8Array, options: ProtobufOptions): unknown {
  const { apiVersion, kind, bytes } = openEnvelope(body);
  if (kind === '') throw malformed('it names no kind');
  const slash = apiVersion.indexOf('/');
  const type = { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1), kind };
  // Delete options belong to every group.
  const ref = kind === 'DeleteOptions' ? 'meta.v1.DeleteOptions' : schemaRefOf(type);
  if (ref === undefined) return undefined;
  const message = messageFor(ref);
  if (message.fields.size === 0) return undefined;
  const object = new ObjectReader(options).message(new WireReader(bytes), message, 0);
  return { ...object, apiVersion, kind };
}

function openEnvelope(body: Uint8Array): WireObject {
  if (!magic.every((byte, index) => body[index] === byte)) throw malformed('it does not start as one');
  const reader = new WireReader(body.subarray(magic.length));
  const typeMeta = { apiVersion: '', kind: '' };
  let bytes: Uint8Array = new Uint8Array();
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) readTypeMeta(reader.message(), typeMeta);
    else if (number === 2) bytes = reader.bytes();
    else reader.skip();
  }
  return { ...typeMeta, bytes };
}

function readTypeMeta(reader: WireReader, into: { apiVersion: string; kind: string }): void {
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) into.apiVersion = reader.string();
    else if (number === 2) into.kind = reader.string();
    else reader.skip();
  }
}

class ObjectReader {
  readonly #parseJson: (text: string) => unknown;

  constructor({ parseJson }: ProtobufOptions) {
    this.#parseJson = parseJson;
  }

  /** The fields of a message; those that the tables do not know are passed over, as every protobuf reader does. */
  message(reader: WireReader, message: Message, depth: number, into: Properties = {}): Properties {
    if (depth > maxDepth) throw malformed('it is nested too deeply');
    for (let number = reader.next(); number !== undefined; number = reader.next()) {
      const field = message.fields.get(number);
      const inlined = message.inlined.get(number);
      if (field) this.#field(reader, field, depth, into);
      else if (inlined) this.message(reader.message(), inlined, depth + 1, into);
      else reader.skip();
    }
    return into;
  }

  #field(reader: WireReader, field: Field, depth: number, into: Properties): void {
    const { name, type } = field;
    switch (type.kind) {
      case 'list':
        into[name] ??= [];
        this.#items(reader, type.item, depth, into[name] as unknown[]);
        return;
      case 'map':
        into[name] ??= {};
        this.#entry(reader, type.value, depth, into[name] as Properties);
        return;
      case 'struct':
        // A message that comes in parts is one.
        into[name] = this.#struct(reader, type.ref, depth, into[name] as Properties | undefined);
        return;
      case 'scalar': {
        const value = this.#scalar(reader, type.scalar);
        const maybeUnset = field.optional && !field.keepsZero && type.scalar !== 'any';
        const isUnset = value === undefined || (maybeUnset && isZero(value));
        if (!isUnset) into[name] = value;
      }
    }
  }

  #items(reader: WireReader, item: FieldType, depth: number, list: unknown[]): void {
    if (item.kind === 'scalar' && isVarint(item.scalar) && reader.isLengthDelimited) {
      reader.packed((packed) => list.push(this.#scalar(packed, item.scalar)));
    } else {
      list.push(this.#value(reader, item, depth));
    }
  }

  #entry(reader: WireReader, type: FieldType, depth: number, map: Properties): void {
    const entry = reader.message();
    let key = '';
    let value: unknown;
    for (let number = entry.next(); number !== undefined; number = entry.next()) {
      if (number === 1) key = entry.string();
      else if (number === 2) value = this.#mapValue(entry, type, depth);
      else entry.skip();
    }
    value ??= zeroOf(type);
    // Plain data, even if it is called __proto__.
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  }

  /** A list as the value of a map has a message of its own around it. */
  #mapValue(reader: WireReader, type: FieldType, depth: number): unknown {
    if (type.kind !== 'list') return this.#value(reader, type, depth);
    const wrapper = reader.message();
    const items: unknown[] = [];
    for (let number = wrapper.next(); number !== undefined; number = wrapper.next()) {
      if (number === 1) items.push(this.#value(wrapper, type.item, depth));
      else wrapper.skip();
    }
    return items;
  }

  #value(reader: WireReader, type: FieldType, depth: number): unknown {
    if (type.kind === 'scalar') return this.#scalar(reader, type.scalar) ?? null;
    if (type.kind === 'struct') return this.#struct(reader, type.ref, depth);
    throw malformed('a list holds lists');
  }

  #struct(reader: WireReader, ref: string, depth: number, into?: Properties): Properties {
    return this.message(reader.message(), messageFor(ref), depth + 1, into);
  }

  #scalar(reader: WireReader, scalar: ScalarName): unknown {
    switch (scalar) {
      case 'string':
        return reader.string();
      case 'int32':
        return reader.int32();
      case 'int64':
        return exactNumber(reader.int64());
      case 'nanoseconds':
        return Number(reader.int64());
      case 'float64':
        return reader.double();
      case 'bool':
        return reader.bool();
      case 'bytes':
        return Buffer.from(reader.bytes()).toString('base64');
      case 'quantity':
        return readQuantity(reader.message());
      case 'time':
      case 'microtime':
        return readTime(reader.message(), scalar);
      case 'intstr':
        return readIntOrString(reader.message());
      case 'any':
        return readJson(reader.message(), this.#parseJson);
    }
  }
}

function isVarint(scalar: ScalarName): boolean {
  return scalar === 'int32' || scalar === 'int64' || scalar === 'nanoseconds' || scalar === 'bool';
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

/** What a map holds where the wire has a key alone. */
function zeroOf(type: FieldType): unknown {
  if (type.kind === 'list') return [];
  if (type.kind !== 'scalar') return {};
  return type.scalar === 'quantity' ? '0' : '';
}

/** A number where a double holds it, else its digits: nothing rounds them, and the field's type refuses them. */
function exactNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
