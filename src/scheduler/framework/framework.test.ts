import { describe, expect, it } from 'vitest';
import { NodeInfo } from '../cache/node-info.ts';
import { snapshotOf } from '../plugins/testing/cluster.ts';
import { makeNode, makePod } from '../plugins/testing/neighbours.ts';
import { CycleState } from './cycle-state.ts';
import { FitError } from './fit-error.ts';
import { Framework } from './framework.ts';
import { feasibleNodesWanted } from './nodes-wanted.ts';
import { Nominator } from './nominator.ts';
import type { Plugin, PreFilterResult } from './plugin.ts';
import { type Status, skip, success, unresolvable, unschedulable } from './status.ts';

const cluster = (...names: string[]) => snapshotOf({ nodes: Object.fromEntries(names.map((name) => [name, {}])) });

/** Refuses the nodes that are named. */
function refusing(name: string, refusals: Readonly<Record<string, Status>>): Plugin {
  return { name, filter: (_state, _pod, node) => refusals[node.name] ?? success };
}

function narrowing(name: string, ...nodeNames: string[]): Plugin {
  return { name, preFilter: () => ({ status: success, nodeNames: new Set(nodeNames) }), filter: () => success };
}

function preFiltering(name: string, result: PreFilterResult, refusals: Readonly<Record<string, Status>> = {}): Plugin {
  return { ...refusing(name, refusals), preFilter: () => result };
}

function scoring(name: string, scores: Readonly<Record<string, number>>, weight?: number): Plugin {
  const score: Plugin = { name, score: (_state, _pod, node) => scores[node.name] ?? 0 };
  return weight === undefined ? score : { ...score, weight };
}

function place(plugins: readonly Plugin[], snapshot = cluster('a', 'b', 'c')): string {
  try {
    return new Framework(plugins, new Nominator()).place(makePod(), snapshot).node.metadata.name;
  } catch (thrown) {
    if (!(thrown instanceof FitError)) throw thrown;
    return `${thrown.message} [${[...thrown.diagnosis.plugins].join(' ')}]`;
  }
}

const no = unresolvable('no');
const full = unschedulable('full');

describe('Framework', () => {
  it.each<[string, readonly Plugin[], string]>([
    ['the first node when nobody minds', [], 'a'],
    ['the one that fits', [refusing('X', { a: no, c: no })], 'b'],
    [
      'nothing, and says why',
      [refusing('X', { a: no, b: full }), refusing('Y', { c: full })],
      '0/3 nodes are available: 1 no, 2 full. [X Y]',
    ],
    [
      'nothing, with the first refusal of each node',
      [refusing('X', { a: no, b: no, c: no }), refusing('Y', { a: full })],
      '0/3 nodes are available: 3 no. [X]',
    ],
    ['the only node that PreFilter left', [narrowing('N', 'c')], 'c'],
    ['what several PreFilters left', [narrowing('N', 'a', 'b'), narrowing('M', 'b', 'c')], 'b'],
    [
      'nothing of what PreFilter left',
      [narrowing('N', 'c'), refusing('X', { c: full })],
      "0/3 nodes are available: 1 full, 2 node(s) didn't satisfy plugin(s) [N]. [N X]",
    ],
    [
      'nothing when PreFilter named a node that is not there',
      [narrowing('N', 'gone')],
      "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [N]. [N]",
    ],
    [
      'nothing when a PreFilter left nothing',
      [narrowing('N')],
      "0/3 nodes are available: node(s) didn't satisfy plugin N. [N]",
    ],
    [
      'nothing when PreFilters contradict each other',
      [narrowing('N', 'a'), narrowing('M', 'b')],
      "0/3 nodes are available: node(s) didn't satisfy plugin(s) [N M] simultaneously. [N M]",
    ],
    [
      'nothing when PreFilter refuses',
      [preFiltering('P', { status: no }), refusing('X', { a: full })],
      '0/3 nodes are available: no. [P]',
    ],
    ['without the Filter of a plugin that skips', [preFiltering('P', { status: skip }, { a: no, b: no, c: no })], 'a'],
    ['the best score', [scoring('S', { a: 10, b: 90, c: 50 })], 'b'],
    ['the best sum of weighted scores', [scoring('S', { a: 90, b: 10 }), scoring('T', { a: 0, b: 50 }, 3)], 'b'],
    ['the best of those that fit', [refusing('X', { b: no }), scoring('S', { a: 10, b: 90, c: 50 })], 'c'],
    ['the first of equals', [scoring('S', { b: 50, c: 50 })], 'b'],
    [
      'without the Score of a plugin that skips',
      [{ ...scoring('S', { b: 90 }), preScore: () => skip }, scoring('T', { c: 1 })],
      'c',
    ],
    [
      'by scores that were normalized',
      [{ ...scoring('S', { a: 1, b: 2, c: 3 }), normalizeScore: (_state, _pod, scores) => void scores.reverse() }],
      'a',
    ],
    [
      'nothing when PostFilter has nothing to offer',
      [
        refusing('X', { a: full, b: full, c: full }),
        { name: 'P', postFilter: () => ({ status: unschedulable('sorry') }) },
      ],
      '0/3 nodes are available: 3 full. sorry [X]',
    ],
  ])('[H1] chooses %s', (_what, plugins, expected) => {
    expect(place(plugins)).toBe(expected);
  });

  it('[H1] says that there is no node at all', () => {
    expect(place([refusing('X', {})], cluster())).toBe('no nodes available to schedule pods [X]');
  });

  it('continues the search where the last one ended', () => {
    const names = Array.from({ length: 250 }, (_, i) => `n${i}`);
    const framework = new Framework([], new Nominator());
    const snapshot = cluster(...names);
    const chosen = Array.from({ length: 4 }, () => framework.place(makePod(), snapshot).node.metadata.name);
    expect(chosen).toEqual(['n0', 'n120', 'n240', 'n110']);
  });

  it.each([
    [10, 10],
    [99, 99],
    [100, 100],
    [200, 100],
    [250, 120],
    [1000, 420],
    [5000, 500],
    [6000, 300],
    [15_000, 750],
  ])('of %i nodes %i that fit are enough', (nodes, wanted) => {
    expect(feasibleNodesWanted(nodes)).toBe(wanted);
  });

  it('[U1] counts pods that were promised the node, if they are as important', () => {
    const nominator = new Nominator();
    const onePod: Plugin = { name: 'One', filter: (_state, _pod, { pods }) => (pods.size > 0 ? full : success) };
    const framework = new Framework([onePod], nominator);
    const promised = makePod({ spec: { priority: 5 } });
    nominator.add(promised, 'a');
    const answers = [4, 5, 6].map((priority) => {
      try {
        return framework.place(makePod({ spec: { priority } }), cluster('a')).node.metadata.name;
      } catch (thrown) {
        return (thrown as Error).message;
      }
    });
    expect(answers).toEqual(['0/1 nodes are available: 1 full.', '0/1 nodes are available: 1 full.', 'a']);
    expect(framework.place(promised, cluster('a', 'b')).node.metadata.name).toBe('a');
  });

  it('[U1] looks at the promised node first, and elsewhere when it does not fit there', () => {
    const nominator = new Nominator();
    const promised = makePod();
    nominator.add(promised, 'b');
    expect(new Framework([], nominator).place(promised, cluster('a', 'b')).node.metadata.name).toBe('b');
    const closed = new Framework([refusing('X', { b: no })], nominator);
    expect(closed.place(promised, cluster('a', 'b')).node.metadata.name).toBe('a');
  });

  it('[rel-H3] takes all reservations back when one plugin refuses', () => {
    const held = new Set<string>();
    const reserving = (name: string, status = success): Plugin => ({
      name,
      reserve: () => {
        if (status === success) held.add(name);
        return status;
      },
      unreserve: () => void held.delete(name),
    });
    const framework = new Framework(
      [reserving('A'), reserving('B'), reserving('C', full), reserving('D')],
      new Nominator(),
    );
    const placement = framework.place(makePod(), cluster('a'));
    expect(() => framework.reserve(placement, makePod())).toThrow('full');
    expect([...held]).toEqual([]);
  });

  it('says which plugin failed where', async () => {
    const failing: Plugin = { name: 'Disk', preBind: () => Promise.reject(new TypeError('on fire')) };
    const framework = new Framework([failing], new Nominator());
    const work = framework.bind(framework.place(makePod(), cluster('a')), makePod(), new AbortController().signal);
    await expect(work).rejects.toThrow('running PreBind plugin "Disk": on fire');
  });

  it('leaves the node as it was after trying it with promised pods', () => {
    const nominator = new Nominator();
    nominator.add(makePod(), 'a');
    const info = new NodeInfo(makeNode('a'));
    new Framework([], nominator).filterNode(new CycleState(), makePod(), info);
    expect(info.pods.size).toBe(0);
  });
});
