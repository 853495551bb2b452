import { describe, expect, it } from 'vitest';
import { CycleState } from './cycle-state.ts';
import type { Plugin } from './plugin.ts';
import { isSelected, type PluginSelection, pointsOf, selectPlugins } from './plugin-selection.ts';
import { success } from './status.ts';

class Counting implements Plugin {
  readonly name = 'Counting';
  readonly weight = 3;
  #asked = 0;
  filter() {
    this.#asked++;
    return success;
  }
  score() {
    return this.#asked;
  }
  normalizeScore() {}
}
const binder: Plugin = { name: 'Binder', bind: async () => {} };

const set = (enabled: readonly (string | [string, number])[], disabled: readonly string[] = []) => ({
  enabled: enabled.map((each) => (typeof each === 'string' ? { name: each } : { name: each[0], weight: each[1] })),
  disabled,
});

/** `Name*weight: points`, as is left. */
function left(selection: PluginSelection): string[] {
  return selectPlugins([new Counting(), binder], selection).map(
    (plugin) => `${plugin.name}*${plugin.weight ?? 1}: ${pointsOf(plugin)}`,
  );
}

const all = ['Counting*3: filter,score', 'Binder*1: bind'];

describe('which plugins run where', () => {
  it.each<[string, PluginSelection, readonly string[]]>([
    ['all by default', {}, all],
    ['one is off everywhere', { multiPoint: set([], ['Counting']) }, ['Binder*1: bind']],
    ['all are off but one', { multiPoint: set(['Binder'], ['*']) }, ['Binder*1: bind']],
    ['one is off at one point', { score: set([], ['Counting']) }, ['Counting*3: filter', 'Binder*1: bind']],
    ['all are off at one point', { filter: set([], ['*']) }, ['Counting*3: score', 'Binder*1: bind']],
    [
      'off everywhere, on at one point',
      { multiPoint: set([], ['Counting']), filter: set(['Counting']) },
      ['Counting*3: filter', 'Binder*1: bind'],
    ],
    [
      'off and on at the same point',
      { score: set([['Counting', 7]], ['*']) },
      ['Counting*7: filter,score', all[1] ?? ''],
    ],
    [
      'another weight for every point',
      { multiPoint: set([['Counting', 5]]) },
      ['Counting*5: filter,score', all[1] ?? ''],
    ],
    ['enabled without a weight it is 1', { multiPoint: set(['Counting']) }, ['Counting*1: filter,score', all[1] ?? '']],
    ['weight 0 is 1', { score: set([['Counting', 0]]) }, ['Counting*1: filter,score', all[1] ?? '']],
    [
      'the weight of the point counts more',
      { multiPoint: set([['Counting', 5]]), score: set([['Counting', 2]]) },
      ['Counting*2: filter,score', all[1] ?? ''],
    ],
    ['nothing is left', { multiPoint: set([], ['*']) }, []],
  ])('%s', (_what, selection, expected) => {
    expect(left(selection)).toEqual(expected);
  });

  it('what is left works on the plugin itself', () => {
    const [plugin] = selectPlugins([new Counting()], { score: set([['Counting', 9]]) });
    plugin?.filter?.(new CycleState(), {} as never, {} as never);
    expect(plugin?.score?.(new CycleState(), {} as never, {} as never)).toBe(1);
  });

  it('says so of one point', () => {
    const selection = { multiPoint: set([], ['Binder']), bind: set(['Other']) };
    expect(isSelected(selection, 'Binder', 'bind')).toBe(false);
    expect(isSelected(selection, 'Other', 'bind')).toBe(true);
    expect(isSelected({}, 'Binder', 'bind')).toBe(true);
  });
});
