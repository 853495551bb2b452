import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyMutant, type Mutant, MutantError } from '../mutants/mutant.ts';
import { mutants } from '../mutants/mutants.ts';
import { judge } from '../mutants/verdict.ts';

const root = join(import.meta.dirname, '../..');

/** Proving that each is caught takes minutes: `npm run mutants`. */
describe('the mutants', () => {
  it('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))('fit the code as it stands: %s', (_, mutant) => {
    const source = readFileSync(join(root, mutant.file), 'utf8');
    expect(applyMutant(mutant, source)).not.toBe(source);
    for (const test of mutant.tests) expect(existsSync(join(root, test)), test).toBe(true);
  });
});

describe('a mutant', () => {
  const mutant: Mutant = {
    name: 'm',
    breaks: ['rel-X1'],
    file: 'f.ts',
    find: 'a',
    replace: '$&',
    tests: ['one.test.ts', 'two.test.ts'],
  };
  const outcome = (file: string, ...failedTests: string[]) => ({ file, failedTests, problem: undefined });

  it('changes its text as it says, and only a text that stands there once', () => {
    expect(applyMutant(mutant, 'xay')).toBe('x$&y');
    expect(() => applyMutant(mutant, 'xy')).toThrow(MutantError);
    expect(() => applyMutant(mutant, 'aa')).toThrow('stands 2 times in f.ts');
  });

  it('is caught when every file turns red and a red test cites what it breaks', () => {
    const outcomes = [outcome('one.test.ts', '[rel-X1] holds'), outcome('two.test.ts', 'something')];
    expect(judge(mutant, outcomes)).toEqual({
      kind: 'caught',
      by: [{ file: 'one.test.ts', test: '[rel-X1] holds' }],
    });
  });

  it.each([
    ['survived', [outcome('one.test.ts', '[rel-X1] holds'), outcome('two.test.ts')]],
    ['uncited', [outcome('one.test.ts', '[rel-X10] holds'), outcome('two.test.ts', 'X1')]],
    ['broken', [outcome('one.test.ts', '[rel-X1] holds'), { ...outcome('two.test.ts'), problem: 'does not load' }]],
  ])('is not caught otherwise: %s', (kind, outcomes) => {
    expect(judge(mutant, outcomes).kind).toBe(kind);
  });
});
