/** Reads the fields of one protobuf message, strictly: whatever is wrong with the bytes is a BadRequest. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { messageOf } from '../../base/index.ts';
import { ApiStatusError } from '../meta/status.ts';

export function malformed(detail: string, cause?: unknown): ApiStatusError {
  return ApiStatusError.of('BadRequest', `the protobuf body cannot be read: ${detail}`, undefined, { cause });
}

/** BinaryReader throws whatever comes to hand where bytes end early or make no sense. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw malformed(messageOf(thrown), thrown);
  }
}

/**
 * Stands on a field after each `next`; its value must then be read, in the wire type that its type has, or skipped.
 * Groups, which no message of Kubernetes has, are refused.
 */
export class WireReader {
  readonly #reader: BinaryReader;
  #number = 0;
  #wireType: WireType = WireType.Varint;

  constructor(bytes: Uint8Array) {
    this.#reader = new BinaryReader(bytes);
  }

  /** The number of the next field, or undefined after the last. */
  next(): number | undefined {
    if (this.#reader.pos >= this.#reader.len) return undefined;
    [this.#number, this.#wireType] = guarded(() => this.#reader.tag());
    if (this.#wireType === WireType.StartGroup || this.#wireType === WireType.EndGroup)
      throw malformed('it has a group');
    return this.#number;
  }

  /** Whether the field is a run of bytes: a string, a message, or a list of numbers in one. */
  get isLengthDelimited(): boolean {
    return this.#wireType === WireType.LengthDelimited;
  }

  skip(): void {
    guarded(() => this.#reader.skip(this.#wireType, this.#number));
  }

  bytes(): Uint8Array {
    this.#expect(WireType.LengthDelimited);
    return guarded(() => this.#reader.bytes());
  }

  message(): WireReader {
    return new WireReader(this.bytes());
  }

  string(): string {
    this.#expect(WireType.LengthDelimited);
    return guarded(() => this.#reader.string(true));
  }

  int32(): number {
    this.#expect(WireType.Varint);
    return guarded(() => this.#reader.int32());
  }

  int64(): bigint {
    this.#expect(WireType.Varint);
    return guarded(() => BigInt(this.#reader.int64()));
  }

  bool(): boolean {
    this.#expect(WireType.Varint);
    return guarded(() => this.#reader.bool());
  }

  double(): number {
    this.#expect(WireType.Bit64);
    return guarded(() => this.#reader.double());
  }

  /** The numbers of a list that is written as one run of varints. */
  packed(readOne: (reader: WireReader) => void): void {
    const items = this.message();
    while (items.#reader.pos < items.#reader.len) readOne(items);
  }

  #expect(wireType: WireType): void {
    if (this.#wireType === wireType) return;
    throw malformed(`field ${this.#number} has wire type ${this.#wireType} instead of ${wireType}`);
  }
}
