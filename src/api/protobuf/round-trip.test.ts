/** What a Go client can say about a kind arrives: objects made from the field tables survive the wire. */
import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../base/index.ts';
import { ApiStatusError } from '../meta/status.ts';
import { builtInResources, customResourceDefinitions } from '../resources.ts';
import { type Field, type FieldType, schemaOf, structSchema } from '../schema.ts';
import { decodeProtobuf } from './decode-protobuf.ts';
import { type EncodableObject, encodeProtobuf } from './testing/encode-protobuf.ts';

const objectsPerKind = 20;
const mutationsPerKind = 100;
const deepFrom = 3;

/** The first of each list is what Go calls zero. */
const scalars: Readonly<Record<string, readonly unknown[]>> = {
  string: ['', 'a', 'höhe', '€'.repeat(60), '__proto__'],
  int32: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
  int64: [0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  nanoseconds: [0, 2 ** 60, -1],
  float64: [0, 1.5, -1e300],
  bool: [false, true],
  time: ['2026-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '0001-01-01T00:00:01Z'],
  microtime: ['2026-01-01T00:00:00.000001Z', '2026-01-01T00:00:00.999999Z'],
  bytes: ['', 'AP8=', 'e30='],
  quantity: ['0', '1Gi', '100m'],
  intstr: [0, '', -1, 8080, 'http', '25%'],
  any: [{}, { 'f:spec': {} }, [1], 'x', false],
};
const hasNoZero = new Set(['time', 'microtime', 'quantity', 'any']);

class Generator {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  object(ref: string, depth: number): Record<string, unknown> {
    const share = depth < deepFrom ? 0.9 : 0.4;
    const fields = [...(structSchema(ref)?.fields.values() ?? [])];
    const chosen = fields.filter((field) => field.wirePath && this.#random.next() < share);
    return Object.fromEntries(chosen.map((field) => [field.name, this.#field(field, depth)]));
  }

  /** Nothing that the wire cannot carry: empty lists, and zeros that mean that nothing was set. */
  #field(field: Field, depth: number): unknown {
    for (;;) {
      const value = this.#value(field.type, depth);
      const isZero = value === '' || value === 0 || value === false;
      const isScalar = field.type.kind === 'scalar' && !hasNoZero.has(field.type.scalar);
      if (!isZero || !isScalar || field.keepsZero || !field.optional) return value;
    }
  }

  #value(type: FieldType, depth: number): unknown {
    switch (type.kind) {
      case 'scalar':
        return this.#oneOf(scalars[type.scalar] ?? []);
      case 'struct':
        return this.object(type.ref, depth + 1);
      case 'list':
        return this.#some(() => this.#value(type.item, depth + 1));
      case 'map':
        return Object.fromEntries(
          this.#some(() => [this.#oneOf(['', 'storage', 'cpu', 'ä/b']), this.#value(type.value, depth + 1)]),
        );
    }
  }

  #some<T>(make: () => T): T[] {
    return Array.from({ length: 1 + Math.floor(this.#random.next() * 2) }, make);
  }

  #oneOf<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random.next() * items.length)] as T;
  }
}

const decode = (body: Uint8Array) => decodeProtobuf(body, { parseJson: JSON.parse });

const kinds = builtInResources
  .filter((type) => type !== customResourceDefinitions)
  .map((type) => [type.group ? `${type.group}/${type.version}` : type.version, type.kind, schemaOf(type)?.ref ?? ''])
  .concat([['apps/v1', 'DeleteOptions', 'meta.v1.DeleteOptions']]);

function objectOf([apiVersion = '', kind = '', ref = '']: readonly string[], seed: number): EncodableObject {
  return { ...new Generator(seed).object(ref, 0), apiVersion, kind };
}

describe.each(kinds)('%s %s', (...kind) => {
  it('[A3] means the same in protobuf as in JSON', () => {
    for (let seed = 1; seed <= objectsPerKind; seed++) {
      const object = objectOf(kind, seed);
      expect(decode(encodeProtobuf(object))).toEqual(object);
    }
  });

  it('[A3] refuses broken bytes with BadRequest, if it does not read them', () => {
    const random = seededRandom(7);
    for (let seed = 1; seed <= mutationsPerKind; seed++) {
      const bytes = encodeProtobuf(objectOf(kind, seed % objectsPerKind));
      for (let flips = 0; flips < 3; flips++) bytes[Math.floor(random.next() * bytes.length)] = random.next() * 256;
      const cut = bytes.subarray(0, random.next() < 0.3 ? random.next() * bytes.length : bytes.length);
      try {
        decode(cut);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ApiStatusError);
        expect((thrown as ApiStatusError).status.reason).toBe('BadRequest');
      }
    }
  });
});
