/** Type-checks JSON values against the field tables, as the strict JSON decoder of Kubernetes does. */
import { type FieldPath, typeMismatch } from './decode-error.ts';
import { decodeScalar, MalformedValue, type ScalarResult, WrongType } from './decode-scalar.ts';
import type { KubernetesObject, ResourceType } from './meta/resource-type.ts';
import { ApiStatusError } from './meta/status.ts';
import { type FieldType, type StructSchema, schemaOf, structSchema } from './schema.ts';

export interface Decoded<T = KubernetesObject> {
  /** Pruned of unknown fields, nulls and empty collections; the input itself where nothing had to change. */
  readonly object: T;
  /** Paths of the fields that the kind does not have, in document order: `spec.storageClas`. */
  readonly unknownFields: readonly string[];
}

type JsonObject = Readonly<Record<string, unknown>>;
/** What a refusal names: the kind asked for and its version. */
type Subject = Pick<ResourceType, 'kind' | 'version'>;

/** Deeper values are refused before anything recurses over them. */
const maxDepth = 500;
/** Unknown fields past this many are dropped without being named. */
const maxUnknownFields = 100;

const absent = Symbol('absent');
const objectMeta: FieldType = { kind: 'struct', ref: 'meta.v1.ObjectMeta' };

/** A refusal of a body: `<kind> in version "v1" cannot be handled as a <kind>: <detail>`. */
export function undecodable(subject: Subject, detail: string): ApiStatusError {
  const { kind, version } = subject;
  return ApiStatusError.of('BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${detail}`);
}

/** The detail of strict field validation: `strict decoding error: unknown field "a", duplicate field "b"`. */
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

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a property whatever its name; `__proto__` too becomes plain data. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

/** The object with each property replaced by what the function returns, and those left out for which it returns `absent`. */
function mapProperties(raw: JsonObject, replace: (key: string, value: unknown) => unknown): JsonObject {
  const keys = Object.keys(raw);
  let copy: Record<string, unknown> | undefined;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    const value = raw[key];
    const next = replace(key, value);
    if (!copy && next !== value) {
      copy = {};
      for (let earlier = 0; earlier < index; earlier++) {
        const name = keys[earlier] as string;
        setOwn(copy, name, raw[name]);
      }
    }
    if (copy && next !== absent) setOwn(copy, key, next);
  }
  return copy ?? raw;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

class Decoder {
  readonly unknownFields: string[] = [];
  /** Field names, `[index]`es and map keys down to the value at hand. */
  readonly #path: string[] = [];
  readonly #fieldPath: FieldPath = { struct: undefined, names: [] };
  readonly #subject: Subject;
  /** The first mismatch: decoding goes on, as a malformed value found later is the one reported. */
  mismatch: string | undefined;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  struct(schema: StructSchema, raw: JsonObject): JsonObject {
    const outer = this.#fieldPath.struct;
    const decoded = mapProperties(raw, (key, value) => {
      const field = schema.fields.get(key);
      if (value === undefined) return absent;
      if (!field) {
        this.#unknown(key);
        return absent;
      }
      if (value === null) return absent;
      this.#fieldPath.struct = schema.name;
      this.#fieldPath.names.push(key);
      this.#path.push(key);
      const next = this.value(field.type, value);
      this.#path.pop();
      this.#fieldPath.names.pop();
      const collection = field.type.kind === 'list' || field.type.kind === 'map';
      return collection && field.optional && isEmpty(next) ? absent : next;
    });
    this.#fieldPath.struct = outer;
    return decoded;
  }

  value(type: FieldType, raw: unknown): unknown {
    if (this.#path.length > maxDepth) throw undecodable(this.#subject, 'exceeded max depth');
    switch (type.kind) {
      case 'scalar':
        return this.#scalar(type, raw);
      case 'list':
        return Array.isArray(raw) ? this.#list(type.item, raw) : this.#mismatch(type, raw);
      case 'map':
        return isJsonObject(raw) ? this.#map(type.value, raw) : this.#mismatch(type, raw);
      case 'struct': {
        const schema = structSchema(type.ref);
        return schema && isJsonObject(raw) ? this.struct(schema, raw) : this.#mismatch(type, raw);
      }
    }
  }

  /** An object of a kind without a table. */
  customObject(raw: JsonObject): JsonObject {
    return mapProperties(raw, (key, value) => {
      this.#path.push(key);
      const next = key === 'metadata' ? this.value(objectMeta, value) : this.#opaque(value);
      this.#path.pop();
      return next;
    });
  }

  /** A value that has no table: only its depth is checked. */
  #opaque(raw: unknown): unknown {
    if (depthExceeds(raw, maxDepth - this.#path.length)) throw undecodable(this.#subject, 'exceeded max depth');
    return raw;
  }

  #list(item: FieldType, raw: readonly unknown[]): readonly unknown[] {
    let copy: unknown[] | undefined;
    for (let index = 0; index < raw.length; index++) {
      const value = raw[index];
      this.#path.push(`[${index}]`);
      const next = value === null || value === undefined ? zeroOf(item) : this.value(item, value);
      this.#path.pop();
      if (next !== value) copy ??= raw.slice();
      if (copy) copy[index] = next;
    }
    return copy ?? raw;
  }

  #map(type: FieldType, raw: JsonObject): JsonObject {
    return mapProperties(raw, (key, value) => {
      if (value === undefined) return absent;
      if (value === null) return zeroOf(type);
      this.#path.push(key);
      const next = this.value(type, value);
      this.#path.pop();
      return next;
    });
  }

  #scalar(type: Extract<FieldType, { kind: 'scalar' }>, raw: unknown): unknown {
    if (type.scalar === 'any') return this.#opaque(raw);
    const result: ScalarResult = decodeScalar(type.scalar, raw);
    if (result instanceof WrongType) return this.#mismatch(type, raw, result.shown);
    if (result instanceof MalformedValue) throw undecodable(this.#subject, result.message);
    return result;
  }

  #mismatch(type: FieldType, raw: unknown, shown?: string): typeof absent {
    this.mismatch ??= typeMismatch({ path: this.#fieldPath, type, raw, shown });
    return absent;
  }

  #unknown(key: string): void {
    if (this.unknownFields.length >= maxUnknownFields) return;
    this.unknownFields.push([...this.#path, key].join('.').replaceAll('.[', '['));
  }
}

const zeroNumbers = new Set<string>(['int32', 'int64', 'nanoseconds', 'float64', 'intstr']);

function zeroOf(type: FieldType): unknown {
  if (type.kind === 'list') return [];
  if (type.kind !== 'scalar') return {};
  if (type.scalar === 'bool') return false;
  if (zeroNumbers.has(type.scalar)) return 0;
  if (type.scalar === 'any') return null;
  return type.scalar === 'quantity' ? '0' : '';
}

function depthExceeds(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit <= 0) return true;
  return Object.values(value).some((inner) => depthExceeds(inner, limit - 1));
}

function finish<T>(subject: Subject, decoder: Decoder, object: unknown): Decoded<T> {
  if (decoder.mismatch !== undefined) throw undecodable(subject, decoder.mismatch);
  return { object: object as T, unknownFields: decoder.unknownFields };
}

function requireObject(subject: Subject, raw: unknown): JsonObject {
  if (isJsonObject(raw)) return raw;
  const shown = Array.isArray(raw) ? 'array' : typeof raw;
  throw undecodable(subject, `json: cannot unmarshal ${shown} into Go value of type v1.${subject.kind}`);
}

/**
 * Decodes an object of a kind; of a kind without a table (CustomResourceDefinition) only its metadata. Throws a
 * BadRequest ApiStatusError when a value has the wrong type.
 */
export function decode(type: ResourceType, raw: unknown): Decoded {
  const value = requireObject(type, raw);
  const decoder = new Decoder(type);
  const schema = schemaOf(type);
  const object = schema ? decoder.struct(schema, value) : decoder.customObject(value);
  return finish(type, decoder, isJsonObject(object.metadata) ? object : { ...object, metadata: {} });
}

/** Decodes a struct that is no stored kind, as `meta.v1.DeleteOptions`. Throws as decode does. */
export function decodeStruct<T>(ref: string, subject: Subject, raw: unknown): Decoded<T> {
  const value = requireObject(subject, raw);
  const decoder = new Decoder(subject);
  return finish(subject, decoder, decoder.value({ kind: 'struct', ref }, value));
}
