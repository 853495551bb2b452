import { describe, expect, it } from 'vitest';
import { type CSIStorageCapacity, csiStorageCapacities } from '../../../api/index.ts';
import { MemoryInformer } from '../testing/memory-informers.ts';
import { storageCapacity } from '../testing/objects.ts';
import { CapacityIndex } from './capacity-index.ts';

const gib = 1024n ** 3n;
const at = (zone: string) => ({ nodeTopology: { matchLabels: { zone } } });
const big = storageCapacity('s', { ...at('a'), capacity: '5Gi' });

type Informer = MemoryInformer<CSIStorageCapacity>;

const rows: readonly {
  title: string;
  change: (informer: Informer) => void;
  found: Readonly<Record<string, boolean>>;
}[] = [
  { title: 'as it was', change: () => {}, found: { a: true, b: false } },
  { title: 'less room', change: (i) => i.set({ ...big, capacity: '1Gi' }), found: { a: false } },
  { title: 'room that is no longer told', change: (i) => i.set(storageCapacity('s', at('a'))), found: { a: false } },
  { title: 'another zone', change: (i) => i.set({ ...big, ...at('b') }), found: { a: false, b: true } },
  { title: 'any zone', change: (i) => i.set({ ...big, nodeTopology: {} }), found: { a: true, b: true, c: true } },
  { title: 'no zone', change: (i) => i.set(storageCapacity('s', { capacity: '5Gi' })), found: { a: false } },
  { title: 'another class', change: (i) => i.set({ ...big, storageClassName: 'x' }), found: { a: false } },
  { title: 'gone', change: (i) => i.delete('ns/s'), found: { a: false } },
  { title: 'gone and back', change: (i) => [i.delete('ns/s'), i.set(big)], found: { a: true } },
  {
    title: 'a second segment of the zone',
    change: (i) => [i.set(storageCapacity('t', { ...at('a'), capacity: '9Gi' })), i.delete('ns/s')],
    found: { a: true },
  },
  {
    title: 'two zones in one segment',
    change: (i) =>
      i.set({ ...big, nodeTopology: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['b', 'c'] }] } }),
    found: { a: false, b: true, c: true },
  },
];

describe('the room of a class by the labels of a node', () => {
  it.each(rows)('[H3] follows its objects: $title', ({ change, found }) => {
    const informer = new MemoryInformer(csiStorageCapacities);
    const index = new CapacityIndex(informer);
    informer.set(big);
    change(informer);
    const seen = Object.keys(found).map((zone) => [
      zone,
      index.find('wait', { zone, other: 'x' }, 3n * gib) !== undefined,
    ]);
    expect(Object.fromEntries(seen)).toEqual(found);
  });

  it('[H3] knows nothing of a class without objects, or of a node without labels', () => {
    const informer = new MemoryInformer(csiStorageCapacities);
    const index = new CapacityIndex(informer);
    expect(index.find('wait', { zone: 'a' }, 0n)).toBeUndefined();
    informer.set(big);
    expect(index.find('wait', undefined, 0n)).toBeUndefined();
  });
});
