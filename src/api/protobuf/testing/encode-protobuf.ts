/** Writes objects as Go clients do: the counterpart of decodeProtobuf, for tests. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type FieldType, type ScalarName, schemaRefOf, structSchema } from '../../schema.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A message under construction: the inlined ones are written when all their fields are known. */
class MessageWriter {
  readonly writer = new BinaryWriter();
  readonly #inlined = new Map<number, MessageWriter>();

  at(path: readonly number[]): MessageWriter {
    const [first, ...rest] = path;
    if (first === undefined) return this;
    const inlined = this.#inlined.get(first) ?? new MessageWriter();
    this.#inlined.set(first, inlined);
    return inlined.at(rest);
  }

  finish(): Uint8Array {
    for (const [number, inlined] of this.#inlined) {
      this.writer.tag(number, WireType.LengthDelimited).bytes(inlined.finish());
    }
    return this.writer.finish();
  }
}

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

function bytesAt(writer: BinaryWriter, number: number, content: Uint8Array | string): void {
  writer.tag(number, WireType.LengthDelimited).bytes(Buffer.from(content));
}

function writeStruct(ref: string, value: Properties): Uint8Array {
  const writer = new MessageWriter();
  for (const field of structSchema(ref)?.fields.values() ?? []) {
    const content = value[field.name];
    const number = field.wirePath?.at(-1);
    if (content === undefined || !field.wirePath || number === undefined) continue;
    writeField(writer.at(field.wirePath.slice(0, -1)).writer, number, { type: field.type, content });
  }
  return writer.finish();
}

interface Content {
  readonly type: FieldType;
  readonly content: unknown;
}

function writeField(writer: BinaryWriter, number: number, { type, content }: Content): void {
  switch (type.kind) {
    case 'list':
      for (const item of content as unknown[]) writeField(writer, number, { type: type.item, content: item });
      return;
    case 'map':
      for (const [key, value] of Object.entries(content as Properties)) {
        const entry = message((inner) => {
          bytesAt(inner, 1, key);
          writeMapValue(inner, { type: type.value, content: value });
        });
        bytesAt(writer, number, entry);
      }
      return;
    case 'struct':
      bytesAt(writer, number, writeStruct(type.ref, content as Properties));
      return;
    case 'scalar':
      writeScalar(writer, number, { scalar: type.scalar, content });
  }
}

function writeMapValue(writer: BinaryWriter, value: Content): void {
  if (value.type.kind !== 'list') writeField(writer, 2, value);
  else
    bytesAt(
      writer,
      2,
      message((inner) => writeField(inner, 1, value)),
    );
}

function writeScalar(
  writer: BinaryWriter,
  number: number,
  { scalar, content }: { readonly scalar: ScalarName; readonly content: unknown },
): void {
  switch (scalar) {
    case 'bool':
      writer.tag(number, WireType.Varint).bool(content as boolean);
      return;
    case 'int32':
    case 'int64':
    case 'nanoseconds':
      writer.tag(number, WireType.Varint).int64(BigInt(content as number));
      return;
    case 'float64':
      writer.tag(number, WireType.Bit64).double(content as number);
      return;
    case 'bytes':
      bytesAt(writer, number, Buffer.from(content as string, 'base64'));
      return;
    case 'string':
      bytesAt(writer, number, content as string);
      return;
    case 'time':
    case 'microtime':
      bytesAt(writer, number, timeMessage(content as string));
      return;
    case 'intstr':
      bytesAt(writer, number, intOrStringMessage(content as number | string));
      return;
    case 'quantity':
      bytesAt(
        writer,
        number,
        message((inner) => bytesAt(inner, 1, content as string)),
      );
      return;
    case 'any':
      bytesAt(
        writer,
        number,
        message((inner) => bytesAt(inner, 1, JSON.stringify(content))),
      );
  }
}

function timeMessage(text: string): Uint8Array {
  const micros = Number(/\.(\d{6})/.exec(text)?.[1] ?? 0);
  return message((writer) => {
    writer.tag(1, WireType.Varint).int64(BigInt(Math.floor(Date.parse(text) / 1000)));
    writer.tag(2, WireType.Varint).int32(micros * 1000);
  });
}

function intOrStringMessage(value: number | string): Uint8Array {
  const isString = typeof value === 'string';
  return message((writer) => {
    writer.tag(1, WireType.Varint).int32(isString ? 1 : 0);
    writer.tag(2, WireType.Varint).int32(isString ? 0 : value);
    bytesAt(writer, 3, isString ? value : '');
  });
}

export interface EncodableObject extends Properties {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Throws for a kind without a field table. */
export function encodeProtobuf(object: EncodableObject): Uint8Array {
  const { apiVersion, kind } = object;
  const slash = apiVersion.indexOf('/');
  const type = { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1), kind };
  const ref = kind === 'DeleteOptions' ? 'meta.v1.DeleteOptions' : schemaRefOf(type);
  if (ref === undefined) throw new RangeError(`${apiVersion} ${kind} has no field table`);
  const { apiVersion: _apiVersion, kind: _kind, ...content } = object;
  const typeMeta = message((writer) => {
    bytesAt(writer, 1, apiVersion);
    bytesAt(writer, 2, kind);
  });
  const envelope = message((writer) => {
    bytesAt(writer, 1, typeMeta);
    bytesAt(writer, 2, writeStruct(ref, content));
    bytesAt(writer, 3, '');
    bytesAt(writer, 4, '');
  });
  return Buffer.concat([Buffer.from('k8s\0'), envelope]);
}
