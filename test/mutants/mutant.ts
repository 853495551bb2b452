/** A bug put into the program on purpose, and the tests that must notice it. */
export interface Mutant {
  /** What it does wrong, in kebab-case. */
  readonly name: string;
  /** Ids of the rules that it breaks: a test that turns red must cite one of them in its title. */
  readonly breaks: readonly string[];
  /** The file that it changes, from the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files, of which every one must turn red. */
  readonly tests: readonly string[];
}

/** The code has changed so that the mutant does not fit any more. */
export class MutantError extends Error {
  override readonly name = 'MutantError';
}

/** The mutated text of the file. Throws a MutantError unless the mutant's text stands in it once. */
export function applyMutant({ name, file, find, replace }: Mutant, source: string): string {
  const [before, after, ...more] = source.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    const count = source.split(find).length - 1;
    throw new MutantError(`the text of mutant ${name} stands ${count} times in ${file}, and must stand there once`);
  }
  return `${before}${replace}${after}`;
}
