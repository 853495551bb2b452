import type { Mutant } from './mutant.ts';
import type { FileOutcome } from './run-tests.ts';

export type Verdict =
  /** Every named file has a red test, and these cite what is broken. */
  | { readonly kind: 'caught'; readonly by: readonly CitingTest[] }
  | { readonly kind: 'survived'; readonly greenFiles: readonly string[] }
  /** Something else than a test noticed: that proves nothing about the tests. */
  | { readonly kind: 'broken'; readonly file: string; readonly problem: string }
  /** Tests turned red that do not claim to check the rule. */
  | { readonly kind: 'uncited'; readonly redTests: readonly string[] };

export interface CitingTest {
  readonly file: string;
  readonly test: string;
}

export function judge({ breaks }: Mutant, outcomes: readonly FileOutcome[]): Verdict {
  for (const { file, problem } of outcomes) if (problem !== undefined) return { kind: 'broken', file, problem };
  const greenFiles = outcomes.filter(({ failedTests }) => failedTests.length === 0).map(({ file }) => file);
  if (greenFiles.length > 0) return { kind: 'survived', greenFiles };
  const red = outcomes.flatMap(({ file, failedTests }) => failedTests.map((test) => ({ file, test })));
  const by = red.filter(({ test }) => breaks.some((id) => test.includes(`[${id}]`)));
  return by.length > 0 ? { kind: 'caught', by } : { kind: 'uncited', redTests: red.map(({ test }) => test) };
}
