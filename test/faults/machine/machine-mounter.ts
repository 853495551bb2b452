import { mkdirSync, rmSync } from 'node:fs';
import { FakeMounter, type UnmountOptions } from '../../../src/mount/index.ts';

/** A mount table in memory whose file systems in memory lose their files with their mount. */
export class MachineMounter extends FakeMounter {
  override async unmount(target: string, options?: UnmountOptions): Promise<void> {
    const before = this.#inMemory();
    await super.unmount(target, options);
    const after = new Set(this.#inMemory());
    for (const path of before) if (!after.has(path)) empty(path);
  }

  losePower(): void {
    for (const path of this.#inMemory()) empty(path);
  }

  #inMemory(): string[] {
    return this.mounted.flatMap(({ path, fsType }) => (fsType === 'tmpfs' ? [path] : []));
  }
}

function empty(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
}
