/**
 * The real file system with calls that end within themselves, so that the order of things depends on the run's inputs
 * alone. Whoever uses it may die around each call that changes something.
 */
import * as node from 'node:fs';
import type { Fs } from '../../../src/base/index.ts';

/** Carries out one thing that the caller does to the world; throws in its place when the caller is dead. */
export type Step = <T>(what: string, effect: () => T | Promise<T>) => Promise<T>;

export interface FsSteps {
  readonly step: Step;
  /** Throws when the caller is dead. */
  readonly requireLife: () => void;
  /** Hears of each change before it takes effect. */
  readonly onChange: (path: string) => void;
}

const changes: ReadonlySet<string> = new Set([
  'writeFile',
  'rename',
  'unlink',
  'mkdir',
  'rmdir',
  'rm',
  'symlink',
  'chmod',
  'chown',
  'lchown',
  'utimes',
]);

type AnyCall = (...args: unknown[]) => unknown;

const sync = node as unknown as Record<string, AnyCall>;

function callSync(name: string, args: readonly unknown[]): unknown {
  return sync[`${name}Sync`]?.(...args);
}

function mayChange(flags: unknown): boolean {
  if (typeof flags === 'number') return (flags & (node.constants.O_WRONLY | node.constants.O_RDWR)) !== 0;
  return flags !== undefined && flags !== 'r';
}

/** What of a FileHandle the node agent uses. */
const handleCalls: Readonly<Record<string, string>> = {
  readFile: 'readFile',
  writeFile: 'writeFile',
  appendFile: 'appendFile',
  chmod: 'fchmod',
  chown: 'fchown',
  stat: 'fstat',
  sync: 'fsync',
  datasync: 'fdatasync',
  truncate: 'ftruncate',
};
const handleChanges: ReadonlySet<string> = new Set(['writeFile', 'appendFile', 'chmod', 'chown', 'truncate']);

function handleOf(fd: number, path: string, steps: FsSteps): object {
  const calls = Object.entries(handleCalls).map(([name, target]) => [
    name,
    async (...args: unknown[]) => {
      const run = () => callSync(target, [fd, ...args]);
      if (handleChanges.has(name)) return await change(steps, `${name} ${path}`, path, run);
      steps.requireLife();
      return run();
    },
  ]);
  // A process that died would have closed it as well.
  const close = async () => node.closeSync(fd);
  return {
    fd,
    ...Object.fromEntries(calls),
    read: async (buffer: Buffer, offset?: number, length?: number, position?: number) => {
      steps.requireLife();
      return { bytesRead: node.readSync(fd, buffer, offset ?? 0, length ?? buffer.length, position ?? null), buffer };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function change(steps: FsSteps, what: string, path: string, run: () => unknown): Promise<unknown> {
  return await steps.step(what, () => {
    steps.onChange(path);
    return run();
  });
}

async function open(steps: FsSteps, path: string, flags: unknown, mode: unknown): Promise<object> {
  const run = () => handleOf(node.openSync(path, flags as string, mode as number | undefined), path, steps);
  if (mayChange(flags)) return (await change(steps, `open ${path}`, path, run)) as object;
  steps.requireLife();
  return run();
}

export function syncFs(steps: FsSteps): Fs {
  const get = (_target: object, name: string | symbol) => {
    const method = String(name);
    return async (path: unknown, ...args: unknown[]) => {
      if (method === 'open') return await open(steps, String(path), args[0], args[1]);
      const run = () => callSync(method, [path, ...args]);
      if (changes.has(method)) return await change(steps, `${method} ${String(path)}`, String(path), run);
      steps.requireLife();
      return run();
    };
  };
  return new Proxy({}, { get }) as Fs;
}
