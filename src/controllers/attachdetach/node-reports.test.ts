import { describe, expect, it } from 'vitest';
import { type Node, nodes } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { testMeta } from '../common/test-objects.ts';
import type { WrittenCache } from '../common/written-cache.ts';
import { NodeReports } from './node-reports.ts';

const { signal } = new AbortController();

interface World {
  node: Node | undefined;
  usable: readonly string[];
  version: number;
  /** Called between a write's arrival and its answer. */
  onWrite: () => void;
  readonly writes: (readonly string[])[];
}

/** One node, whose writes are answered in the turn after. */
function start(listed: readonly string[]): { readonly world: World; readonly reports: NodeReports } {
  const withList = (names: readonly string[]): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: testMeta('n1', {}),
    spec: {},
    status: { volumesAttached: names.map((name) => ({ name, devicePath: '' })) },
  });
  const world: World = { node: withList(listed), usable: listed, version: 0, onWrite: () => {}, writes: [] };
  const patch = async (type: object, _key: object, { body }: { body: object }) => {
    if (type !== nodes) throw new Error('not a node');
    const { status } = body as { status: { volumesAttached: { name: string }[] | null } };
    const names = (status.volumesAttached ?? []).map(({ name }) => name);
    world.writes.push(names);
    world.onWrite();
    await Promise.resolve();
    return withList(names);
  };
  const cache = {
    get: () => world.node,
    record: (node: Node) => {
      world.node = node;
    },
  };
  const reports = new NodeReports({
    client: { patch } as unknown as Client,
    nodes: cache as unknown as WrittenCache<Node>,
    usableVolumes: () => new Set(world.usable),
    versionOf: () => world.version,
    devicePathOf: () => '',
  });
  return { world, reports };
}

function change(world: World, ...usable: string[]): void {
  world.usable = usable;
  world.version++;
}

describe('what a node is told', () => {
  it('[D7] is written when it changed, and not otherwise', async () => {
    const { world, reports } = start(['a']);
    await reports.flush('n1', signal);
    expect(world.writes).toEqual([]);
    change(world, 'a', 'b');
    await reports.flush('n1', signal);
    await reports.flush('n1', signal);
    expect(world.writes).toEqual([['a', 'b']]);
    change(world, 'b');
    await reports.flush('n1', signal);
    change(world);
    await reports.flush('n1', signal);
    expect(world.writes).toEqual([['a', 'b'], ['b'], []]);
  });

  it('[D7] keeps its order: what stays in its place, what is new by name', async () => {
    const { world, reports } = start(['z', 'b', 'y']);
    change(world, 'c', 'y', 'a', 'z');
    await reports.flush('n1', signal);
    expect(world.writes).toEqual([['z', 'y', 'a', 'c']]);
  });

  it('[D7] is written together when it changes while a write is on its way', async () => {
    const { world, reports } = start([]);
    world.onWrite = () => {
      if (world.writes.length === 1) change(world, ...Array.from({ length: 9 }, (_, index) => `v${index}`));
    };
    change(world, 'v0');
    await Promise.all(Array.from({ length: 20 }, () => reports.flush('n1', signal)));
    expect(world.writes.map((names) => names.length)).toEqual([1, 9]);
  });

  it('[D7] is written again when somebody else changed it', async () => {
    const { world, reports } = start(['a']);
    await reports.flush('n1', signal);
    world.node = start(['a', 'strange']).world.node;
    await reports.flush('n1', signal);
    expect(world.writes).toEqual([['a']]);
  });

  it('[D7] is not written to a node that is gone', async () => {
    const { world, reports } = start(['a']);
    world.node = undefined;
    change(world);
    await reports.flush('n1', signal);
    expect(world.writes).toEqual([]);
    expect(reports.isMissing('n1', 'a')).toBe(false);
  });

  it('[rel-A16] misses what the node does not list', () => {
    const { reports } = start(['a']);
    expect([reports.isMissing('n1', 'a'), reports.isMissing('n1', 'b')]).toEqual([false, true]);
  });
});
