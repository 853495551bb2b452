/**
 * Opens and creates paths inside a volume whose content an attacker may change at any moment. Every step goes from a
 * held directory handle to one name without following a link, so no exchange of names can lead outside. Links are
 * resolved here, against the volume's own root. The handle that comes out is what is mounted, never the path.
 */
import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf, type Fs, ifExists } from '../base/index.ts';
import { MountError } from './mount-error.ts';

/** O_PATH: a handle that names a file of any type without opening it for reading. Node.js has no constant for it. */
const openPath = 0o10000000;
const pathFlags = openPath | constants.O_NOFOLLOW;

/** The kernel's own limit. */
const linkLimit = 40;
/** Each level holds a descriptor. PATH_MAX allows 2,048 levels; nobody mounts that deep. */
const depthLimit = 256;

/** The path under which other processes reach the open file, for as long as the handle is open: a source to bind-mount. */
export function handlePath(handle: FileHandle): string {
  return `/proc/${process.pid}/fd/${handle.fd}`;
}

function childPath(directory: FileHandle, name: string): string {
  return `/proc/self/fd/${directory.fd}/${name}`;
}

export interface CreateOptions {
  /** Permissions of directories that are created; those of the volume's root when absent. */
  readonly mode?: number | undefined;
}

interface Jail {
  readonly fs: Fs;
  readonly root: string;
  readonly subPath: string;
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function checkSubPath(subPath: string): void {
  if (subPath.startsWith('/') || subPath.includes('\0') || subPath.split('/').includes('..')) {
    throw new MountError('Invalid', `the path ${JSON.stringify(subPath)} must be relative and without '..'`);
  }
}

/** Closes handles and keeps the first one that is asked for. */
class HandleStack implements AsyncDisposable {
  readonly #handles: FileHandle[] = [];

  get top(): FileHandle {
    const handle = this.#handles.at(-1);
    if (!handle) throw new MountError('Invalid', 'the handle was taken already');
    return handle;
  }
  get depth(): number {
    return this.#handles.length;
  }
  push(handle: FileHandle): void {
    this.#handles.push(handle);
  }
  async pop(): Promise<void> {
    await this.#handles.pop()?.close();
  }
  /** Hands the top over to the caller, who closes it. */
  take(): FileHandle {
    const handle = this.top;
    this.#handles.pop();
    return handle;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#handles.length > 0) await this.pop();
  }
}

/**
 * Opens an existing file or directory inside the root. Symbolic links are followed while they stay inside. Rejects
 * with a MountError: `Escapes` when a link leads out, `NotFound`, `Invalid` for an absolute path or one with `..`.
 */
export async function openInside(fs: Fs, root: string, subPath: string): Promise<FileHandle> {
  return await walk({ fs, root, subPath }, undefined);
}

/** The same, creating the directories that are missing. Existing ones keep their permissions. */
export async function ensureDirectoryInside(
  fs: Fs,
  root: string,
  subPath: string,
  options: CreateOptions = {},
): Promise<FileHandle> {
  return await walk({ fs, root, subPath }, options);
}

async function walk(jail: Jail, create: CreateOptions | undefined): Promise<FileHandle> {
  checkSubPath(jail.subPath);
  await using stack = new HandleStack();
  try {
    stack.push(await jail.fs.open(jail.root, openPath));
    const rootMode = (await stack.top.stat()).mode & 0o7777;
    const pending = split(jail.subPath);
    let links = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === '..') {
        if (stack.depth === 1) throw escapes(jail, 'a symbolic link leads above it');
        await stack.pop();
        continue;
      }
      const target = await step(jail, stack, name, create && { mode: create.mode ?? rootMode });
      if (target === undefined) continue;
      if (++links > linkLimit) throw escapes(jail, 'there are too many symbolic links');
      if (target.startsWith('/')) throw escapes(jail, 'a symbolic link in it is absolute');
      pending.unshift(...split(target));
    }
    return stack.take();
  } catch (thrown) {
    throw MountError.from(thrown, `${jail.subPath} in ${jail.root} cannot be opened`);
  }
}

function escapes(jail: Jail, why: string): MountError {
  return new MountError('Escapes', `${jail.subPath} leaves the volume ${jail.root}: ${why}`);
}

/** Enters one name. Returns the target when the name is a link, which is not entered. */
async function step(
  jail: Jail,
  stack: HandleStack,
  name: string,
  create: { readonly mode: number } | undefined,
): Promise<string | undefined> {
  if (stack.depth > depthLimit) throw new MountError('Invalid', `${jail.subPath} is deeper than ${depthLimit} levels`);
  const path = childPath(stack.top, name);
  const opened = await ifExists(jail.fs.open(path, pathFlags));
  if (!opened) {
    if (!create) throw new MountError('NotFound', `${jail.subPath} does not exist in ${jail.root}`);
    stack.push(await createDirectory(jail.fs, path, create.mode));
    return undefined;
  }
  let stats: Stats;
  try {
    stats = await opened.stat();
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
  if (!stats.isSymbolicLink()) {
    stack.push(opened);
    return undefined;
  }
  await opened.close();
  // The name may be something else by now; whatever text comes back is resolved inside the root again.
  return await jail.fs.readlink(path);
}

/** Creates a directory under a held parent and opens it. Somebody else may have been faster: then theirs is opened. */
async function createDirectory(fs: Fs, path: string, mode: number): Promise<FileHandle> {
  try {
    await fs.mkdir(path, mode & 0o777);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    return await fs.open(path, pathFlags | constants.O_DIRECTORY);
  }
  const created = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    // mkdir applies the umask, and never sets setgid, which hands the volume's group on.
    await created.chmod(mode);
    return created;
  } catch (thrown) {
    await created.close();
    throw thrown;
  }
}
