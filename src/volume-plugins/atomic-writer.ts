/**
 * Writes the files of configMap, secret, downwardAPI and projected volumes so that a reader sees all old or all new
 * content, with its final owner and mode:
 *
 *     ..2026_01_02_03_04_05.123456789/   the files
 *     ..data -> ..2026_01_02_03_04_05.123456789
 *     <name> -> ..data/<name>            one link per first path component
 *
 * A container may have been able to write here, so nothing found in the directory is followed or trusted: old content
 * is recognised by the form of its name and removed without following links.
 *
 * Upstream: pkg/volume/util/atomic_writer.go.
 */
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, errnoOf, type Fs, ifExists, type Random } from '../base/index.ts';
import { finalError } from './errors.ts';

export interface FileProjection {
  readonly content: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
  /** Owner of the file; root when absent. */
  readonly fsUser?: number | undefined;
}

/** Content by path relative to the volume. */
export type Payload = ReadonlyMap<string, FileProjection>;

export interface AtomicWriterOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  /** Removes a tree without crossing into other mounts or following links. */
  readonly removeTree: (path: string) => Promise<void>;
}

const dataLinkName = '..data';
const newDataLinkName = '..data_tmp';
const maxPathLength = 4096;
const maxNameLength = 255;
const versionDirectory = /^\.\.\d{4}(_\d{2}){5}\.\d+$/;

/** Refuses paths that are absolute, too long, contain a `..` element or start with `..`. */
export function validatePayloadPath(path: string): void {
  if (path === '') throw finalError('invalid path: must not be empty');
  if (path.startsWith('/')) throw finalError(`invalid path: must be relative path: ${path}`);
  if (path.length > maxPathLength) {
    throw finalError(`invalid path: must be less than or equal to ${maxPathLength} characters`);
  }
  for (const element of path.split('/')) {
    if (element === '..') throw finalError(`invalid path: must not contain '..': ${path}`);
    if (element.length > maxNameLength) {
      throw finalError(`invalid path: filenames must be less than or equal to ${maxNameLength} characters`);
    }
  }
  if (path.startsWith('..')) throw finalError(`invalid path: must not start with '..': ${path}`);
  if (path.includes('\0')) throw finalError('invalid path: must not contain NUL');
}

function firstComponent(path: string): string {
  return path.split('/', 1)[0] ?? path;
}

export class AtomicWriter {
  readonly #options: AtomicWriterOptions;
  readonly #targetDir: string;

  constructor(targetDir: string, options: AtomicWriterOptions) {
    this.#targetDir = targetDir;
    this.#options = options;
  }

  /**
   * Makes the directory hold exactly the payload. `finish` runs on the whole volume before the new content becomes
   * visible (ownership). Answers whether anything had to change.
   */
  async write(payload: Payload, finish: () => Promise<void>): Promise<boolean> {
    for (const path of payload.keys()) validatePayloadPath(path);
    const current = await this.#currentVersion();
    if (current !== undefined && (await this.#holds(current, payload))) {
      await this.#linkVisibleNames(payload);
      return false;
    }
    const version = await this.#writeVersion(payload);
    await this.#linkVisibleNames(payload);
    await finish();
    await this.#publish(version);
    await this.#prune(payload, version);
    return true;
  }

  /** The directory that `..data` names, if it is one that a writer made. */
  async #currentVersion(): Promise<string | undefined> {
    const { fs } = this.#options;
    const name = await ifExists(
      fs.readlink(join(this.#targetDir, dataLinkName)).catch((thrown: unknown) => {
        // EINVAL: somebody put something else there. It is replaced by the next publish.
        if (errnoOf(thrown) === 'EINVAL') return undefined;
        throw thrown;
      }),
    );
    if (name === undefined || !versionDirectory.test(name)) return undefined;
    const stat = await ifExists(fs.lstat(join(this.#targetDir, name)));
    return stat?.isDirectory() ? name : undefined;
  }

  async #holds(version: string, payload: Payload): Promise<boolean> {
    const root = join(this.#targetDir, version);
    const present = await this.#filesUnder(root);
    if (!present || present.size !== payload.size) return false;
    for (const [path, projection] of payload) {
      if (!present.has(path)) return false;
      const content = await this.#readOwnFile(join(root, path), projection.content.length);
      if (!content?.equals(projection.content)) return false;
    }
    return true;
  }

  /** The regular files below, by relative path; undefined when something else lies there. */
  async #filesUnder(root: string, prefix = ''): Promise<Set<string> | undefined> {
    const files = new Set<string>();
    for (const entry of await this.#options.fs.readdir(join(root, prefix), { withFileTypes: true })) {
      const path = join(prefix, entry.name);
      if (entry.isDirectory()) {
        const below = await this.#filesUnder(root, path);
        if (!below) return undefined;
        for (const file of below) files.add(file);
      } else if (entry.isFile()) {
        files.add(path);
      } else {
        return undefined;
      }
    }
    return files;
  }

  /** The content of a regular file of that size; undefined for anything else. Never blocks on a pipe put in its place. */
  async #readOwnFile(path: string, size: number): Promise<Buffer | undefined> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await this.#options.fs.open(path, flags);
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size !== size) return undefined;
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async #writeVersion(payload: Payload): Promise<string> {
    const { fs } = this.#options;
    const version = this.#newVersionName();
    const root = join(this.#targetDir, version);
    await fs.mkdir(root);
    await fs.chmod(root, 0o755);
    const directories = new Set<string>([root]);
    for (const [path, projection] of payload) {
      await this.#makeDirectories(root, dirname(path), directories);
      const file = await fs.open(join(root, path), 'wx', projection.mode);
      try {
        await file.writeFile(projection.content);
        if (projection.fsUser !== undefined) await file.chown(projection.fsUser, 0);
        await file.chmod(projection.mode);
      } finally {
        await file.close();
      }
    }
    return version;
  }

  async #makeDirectories(root: string, relative: string, made: Set<string>): Promise<void> {
    let path = root;
    for (const element of relative === '.' ? [] : relative.split('/')) {
      path = join(path, element);
      if (made.has(path)) continue;
      made.add(path);
      await this.#options.fs.mkdir(path);
      await this.#options.fs.chmod(path, 0o755);
    }
  }

  #newVersionName(): string {
    const { clock, random } = this.#options;
    const [date = '', time = ''] = new Date(clock.now()).toISOString().slice(0, 19).split('T');
    const digits = String(Math.floor(random.next() * 1e9) + 1e9);
    return `..${date.replaceAll('-', '_')}_${time.replaceAll(':', '_')}.${digits}`;
  }

  async #linkVisibleNames(payload: Payload): Promise<void> {
    const { fs } = this.#options;
    for (const name of new Set([...payload.keys()].map(firstComponent))) {
      const link = join(this.#targetDir, name);
      const target = join(dataLinkName, name);
      const present = await ifExists(fs.readlink(link).catch((thrown: unknown) => notALink(thrown)));
      if (present === target) continue;
      if (present !== undefined) await this.#options.removeTree(link);
      await fs.symlink(target, link);
    }
  }

  async #publish(version: string): Promise<void> {
    const { fs, removeTree } = this.#options;
    const newLink = join(this.#targetDir, newDataLinkName);
    const link = join(this.#targetDir, dataLinkName);
    await removeTree(newLink);
    await fs.symlink(version, newLink);
    try {
      await fs.rename(newLink, link);
    } catch (thrown) {
      // Something that is no link lies at `..data`; a rename of a link cannot replace a directory.
      if (errnoOf(thrown) !== 'EISDIR' && errnoOf(thrown) !== 'ENOTEMPTY') throw thrown;
      await removeTree(link);
      await fs.rename(newLink, link);
    }
  }

  /** Removes links to names that are gone, older versions, and what a crash left half-written. */
  async #prune(payload: Payload, version: string): Promise<void> {
    const { fs, removeTree } = this.#options;
    const wanted = new Set([...payload.keys()].map(firstComponent));
    for (const entry of await fs.readdir(this.#targetDir, { withFileTypes: true })) {
      const path = join(this.#targetDir, entry.name);
      if (versionDirectory.test(entry.name)) {
        if (entry.name !== version) await removeTree(path);
      } else if (entry.isSymbolicLink() && !wanted.has(entry.name) && entry.name !== dataLinkName) {
        await fs.unlink(path);
      }
    }
  }
}

/** What readlink's answer stands for when the path is no link: '' can never be a link's target. */
function notALink(thrown: unknown): string {
  if (errnoOf(thrown) === 'EINVAL') return '';
  throw thrown;
}
