/** Whatever a client sends in the right types is decoded, completed, judged and printed without a crash. */
import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../base/index.ts';
import { decode } from './decode.ts';
import { applyDefaults } from './defaults/defaults.ts';
import type { ResourceType } from './meta/resource-type.ts';
import { tableOf } from './printers/table.ts';
import { builtInResources } from './resources.ts';
import { type FieldType, schemaOf, structSchema } from './schema.ts';
import { selectableFields } from './selectable-fields.ts';
import { validateCreate, validateUpdate } from './validation/validate.ts';
import { warningsOf } from './warnings.ts';

const objectsPerKind = 60;
const maxDepth = 9;
const nowMs = Date.UTC(2026, 0, 1);
const words = [
  '',
  'a',
  'data',
  '/x',
  '../y',
  'a/b',
  'Retain',
  'In',
  'Exists',
  'RollingUpdate',
  '25%',
  'ReadWriteOnce',
  '1Gi',
];
const scalars: Readonly<Record<string, readonly unknown[]>> = {
  string: words,
  int32: [0, 1, -1, 70_000],
  int64: [0, 1, -1, 2 ** 40],
  nanoseconds: [0, 2 ** 60],
  float64: [0, 1.5],
  bool: [true, false],
  time: ['2026-01-01T00:00:00Z'],
  microtime: ['2026-01-01T00:00:00.000001Z'],
  bytes: ['', 'YQ==', 'e30='],
  quantity: ['0', '1', '-1', '100m', '1Gi'],
  intstr: [0, 1, '25%', 'http'],
  any: [{}, 'x', 1],
};

class Generator {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  #oneOf<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random.next() * items.length)] as T;
  }

  value(type: FieldType, depth: number): unknown {
    if (type.kind === 'scalar') return this.#oneOf(scalars[type.scalar] ?? ['']);
    if (type.kind === 'struct') return this.struct(type.ref, depth + 1);
    const count = Math.floor(this.#random.next() * 3);
    if (type.kind === 'list') return Array.from({ length: count }, () => this.value(type.item, depth + 1));
    return Object.fromEntries(
      Array.from({ length: count }, () => [
        this.#oneOf(['storage', 'cpu', ...words]),
        this.value(type.value, depth + 1),
      ]),
    );
  }

  /** Deep down fewer fields are filled, and some never are: what is missing is where code trips. */
  struct(ref: string, depth: number): Record<string, unknown> {
    const fields = [...(structSchema(ref)?.fields.values() ?? [])];
    const share = depth > maxDepth ? 0 : depth < 3 ? 0.85 : 0.35;
    return Object.fromEntries(
      fields
        .filter((field) => field.name !== 'apiVersion' && field.name !== 'kind' && this.#random.next() < share)
        .map((field) => [field.name, this.value(field.type, depth)]),
    );
  }
}

function objectsOf(type: ResourceType): Record<string, unknown>[] {
  const ref = schemaOf(type)?.ref ?? '';
  return Array.from({ length: objectsPerKind }, (_, seed) => new Generator(seed + 1).struct(ref, 0));
}

describe.each(builtInResources.map((type) => [`${type.group}/${type.kind}`, type] as const))('%s', (_, type) => {
  it('[rel-X11] decodes to what it decodes to again', () => {
    for (const raw of objectsOf(type)) {
      const once = decode(type, JSON.parse(JSON.stringify(raw))).object;
      const again = decode(type, JSON.parse(JSON.stringify(once)));
      expect(again.object).toEqual(once);
      expect(again.unknownFields).toEqual([]);
    }
  });

  it('[rel-X11] takes its defaults once', () => {
    for (const raw of objectsOf(type)) {
      const completed = applyDefaults(type, decode(type, raw).object);
      expect(applyDefaults(type, completed)).toEqual(completed);
      expect(decode(type, completed).object).toEqual(completed);
    }
  });

  it('[rel-X16] is judged and printed however odd it is', () => {
    let previous: ReturnType<typeof decode>['object'] | undefined;
    for (const raw of objectsOf(type)) {
      const object = applyDefaults(type, decode(type, raw).object);
      for (const error of validateCreate(type, object)) expect(error.message).not.toContain('undefined');
      validateUpdate(type, object, object);
      validateUpdate(type, object, previous ?? object);
      validateUpdate(type, object, previous ?? object, 'status');
      previous = object;
      warningsOf(type, object);
      const { columnDefinitions, rows } = tableOf(type, [object], nowMs);
      expect(rows[0]?.cells).toHaveLength(columnDefinitions.length);
      for (const value of Object.values(selectableFields(type, object))) expect(value ?? '').toBeTypeOf('string');
    }
  });
});
