/**
 * One directory per container: its record, and the layers of its root. The records outlive the shim. They need not
 * outlive a power cut, after which no container runs; so they are replaced atomically and not flushed.
 */
import { join } from 'node:path';
import { type Fs, ifExists, type Logger } from '../../../base/index.ts';
import { type Mounter, removeTreeOneFilesystem } from '../../../mount/index.ts';
import type { ContainerRecord } from '../runtime.ts';

/** A record as the shim keeps it. */
export interface StoredContainer {
  readonly owner: string;
  readonly record: ContainerRecord;
  readonly pid?: number | undefined;
  readonly startTicks?: string | undefined;
}

export interface ContainerStoreOptions {
  readonly fs: Fs;
  readonly mounter: Pick<Mounter, 'listMounts'>;
  readonly logger: Logger;
  readonly directory: string;
}

const recordName = 'record.json';
const idPattern = /^[a-z0-9][-a-z0-9]{0,127}$/;

export class ContainerStore {
  readonly #options: ContainerStoreOptions;

  constructor(options: ContainerStoreOptions) {
    this.#options = options;
  }

  directoryOf(id: string): string {
    return join(this.#options.directory, id);
  }

  static isId(id: string): boolean {
    return idPattern.test(id);
  }

  async create(id: string): Promise<string> {
    const directory = this.directoryOf(id);
    const { fs } = this.#options;
    await fs.mkdir(directory, { recursive: true, mode: 0o700 });
    // The upper layer is the container's `/`: everybody may enter it.
    for (const name of ['upper', 'work', 'rootfs', 'scratch']) await fs.mkdir(join(directory, name), { mode: 0o755 });
    return directory;
  }

  async save(container: StoredContainer): Promise<void> {
    const { fs } = this.#options;
    const path = join(this.directoryOf(container.record.id), recordName);
    await fs.writeFile(`${path}.tmp`, JSON.stringify(container), { mode: 0o600 });
    await fs.rename(`${path}.tmp`, path);
  }

  async remove(id: string): Promise<void> {
    await removeTreeOneFilesystem(this.#options, this.directoryOf(id));
  }

  /** Reads what an earlier shim left. A directory without a readable record held a container that never ran. */
  async load(): Promise<StoredContainer[]> {
    const { fs, logger, directory } = this.#options;
    const loaded: StoredContainer[] = [];
    for (const id of (await ifExists(fs.readdir(directory))) ?? []) {
      try {
        loaded.push(JSON.parse(await fs.readFile(join(directory, id, recordName), 'utf8')));
      } catch (error) {
        logger.warn('container without a readable record is removed', { container: id, error });
        await this.remove(id).catch((failure: unknown) => {
          logger.warn('container directory cannot be removed', { container: id, error: failure });
        });
      }
    }
    return loaded;
  }
}
