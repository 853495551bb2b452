/**
 * Objects of every kind that no validation of today lets pass, as a server of another version may hold them: every
 * field has a value of its type, none has to make sense. Required fields are there and may be empty, as Go writes them.
 */
import { apiVersionOf, type KubernetesObject, type ResourceType } from '../../../src/api/index.ts';
import { type Field, type FieldType, schemaOf, structSchema } from '../../../src/api/schema.ts';
import type { Random } from '../../../src/base/index.ts';

export const oddNamespace = 'odd';

const strings = [
  '',
  'x',
  'odd',
  'a/b',
  '../../etc',
  'constructor',
  '__proto__',
  'é中\u0000\n',
  'x'.repeat(300),
  '${pvc.name',
  'kubernetes.io/odd',
  'n1',
  'fake.csi',
  'Pending Bound Lost Released Available Failed Running Succeeded True False Unknown',
  ...'Bound Pending Running Succeeded Failed Delete Retain Recycle Block Filesystem Never Always OnDelete'.split(' '),
  ...'RollingUpdate Parallel In NotIn Exists NoExecute NoSchedule ReadWriteOnce ReadWriteOncePod True False'.split(' '),
  ...'Ready Complete Immediate WaitForFirstConsumer ClusterIP kubernetes PersistentVolumeClaim v1 apps/v1'.split(' '),
];
/** What may be large without being work: a million replicas are no odd object. */
const integers = [-2_147_483_648, -1, 0, 0, 1, 2, 3];
const quantities = ['0', '-1', '1', '1Gi', '1n', '9223372036854775807', '100E', '-5Gi', '1m'];
const times = ['0001-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '1970-01-01T00:00:00Z'];
const durations = [-1, 0, 1, 1_000_000_000];
const portsOrPercents = ['', '50%', '-5%', '300000%', 'abc', -1, 0, 1];
/** Deeper structs are left out where they may be. */
const mostDepth = 7;

export class OddObjects {
  readonly #random: Random;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  make(type: ResourceType): KubernetesObject | undefined {
    const schema = schemaOf(type);
    if (!schema) return undefined;
    const name = `odd-${this.#count++}`;
    const { metadata: _, apiVersion: __, kind: ___, ...rest } = this.#struct(schema.ref, 0);
    const identity = {
      name,
      ...(type.namespaced ? { namespace: oddNamespace } : {}),
      uid: `uid-${type.plural}-${name}`,
      creationTimestamp: this.#oneOf(times),
      resourceVersion: '',
    };
    // It would go for every pod of the cluster.
    delete rest.globalDefault;
    return {
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { ...this.#metadata(), ...identity },
      ...rest,
    } as KubernetesObject;
  }

  #metadata() {
    const fields = this.#struct('meta.v1.ObjectMeta', mostDepth - 2);
    const { labels, annotations, ownerReferences, finalizers, deletionTimestamp } = fields;
    const isDeleted = this.#chance(0.2) && deletionTimestamp !== undefined;
    const held = { finalizers: finalizers ?? ['example.com/odd'], deletionTimestamp };
    return Object.fromEntries(
      Object.entries({ labels, annotations, ownerReferences, finalizers, ...(isDeleted ? held : {}) }).filter(
        ([, value]) => value !== undefined,
      ),
    );
  }

  #struct(ref: string, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const field of structSchema(ref)?.fields.values() ?? []) {
      if (this.#isThere(field, depth)) result[field.name] = this.#value(field, depth + 1);
    }
    return result;
  }

  /** Go writes a struct that is no pointer whether it is empty or not. */
  #isThere({ name, optional, type }: Field, depth: number): boolean {
    if (!optional || ['spec', 'metadata', 'status', 'template'].includes(name)) return true;
    return this.#chance(type.kind === 'struct' && depth >= mostDepth ? 0 : depth < 2 ? 0.5 : 0.25);
  }

  #value({ name, type, optional }: Field, depth: number): unknown {
    const { scalar } = type as { scalar?: string };
    if (name === 'replicas' || name === 'parallelism' || name === 'completions') return this.#oneOf([-1, 0, 1]);
    if (scalar === 'string' && !optional && this.#chance(0.3)) return '';
    return this.#typed(type, depth);
  }

  #typed(type: FieldType, depth: number): unknown {
    switch (type.kind) {
      case 'list':
        return Array.from({ length: depth > mostDepth ? 0 : this.#below(3) }, () => this.#typed(type.item, depth));
      case 'map':
        return Object.fromEntries(
          Array.from({ length: this.#below(3) }, () => [this.#oneOf(strings), this.#typed(type.value, depth)]),
        );
      case 'struct':
        return this.#struct(type.ref, depth);
      case 'scalar':
        return this.#scalar(type.scalar);
    }
  }

  #scalar(scalar: (FieldType & { kind: 'scalar' })['scalar']): unknown {
    switch (scalar) {
      case 'string':
        return this.#oneOf(strings);
      case 'int32':
      case 'int64':
      case 'float64':
        return this.#oneOf(integers);
      case 'nanoseconds':
        return this.#oneOf(durations);
      case 'bool':
        return this.#chance(0.5);
      case 'time':
      case 'microtime':
        return this.#oneOf(times);
      case 'bytes':
        return this.#oneOf(['', 'AAAA']);
      case 'quantity':
        return this.#oneOf(quantities);
      case 'intstr':
        return this.#oneOf(portsOrPercents);
      case 'any':
        return {};
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  #chance(part: number): boolean {
    return this.#random.next() < part;
  }

  #oneOf<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }
}
