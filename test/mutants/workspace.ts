/** A copy of the sources in a temporary directory, so that a mutant never touches the checkout. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { applyMutant, type Mutant } from './mutant.ts';

const copied = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

export class Workspace implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(root: string): Promise<Workspace> {
    const workspace = new Workspace(await mkdtemp(join(tmpdir(), 'stowage-mutants-')));
    const filter = (source: string) => basename(source) !== 'node_modules';
    for (const name of copied) {
      await cp(join(root, name), join(workspace.path, name), { recursive: true, filter });
    }
    await symlink(join(root, 'node_modules'), join(workspace.path, 'node_modules'));
    return workspace;
  }

  /** Runs the work on the mutated copy and takes the mutation back. Rejects with a MutantError when it does not fit. */
  async mutated<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
    const path = join(this.path, mutant.file);
    const source = await readFile(path, 'utf8');
    await writeFile(path, applyMutant(mutant, source));
    try {
      return await work();
    } finally {
      await writeFile(path, source);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
