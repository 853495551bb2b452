import { type FSWatcher, watch } from 'node:fs';

/** Reports that something in the directory or below has changed; says not what. */
export type WatchDirectory = (path: string, changed: () => void) => Disposable;

/** The kernel's own watch. Throws when the directory is not there or cannot be watched. */
export const watchDirectory: WatchDirectory = (path, changed) => {
  const watcher: FSWatcher = watch(path, { recursive: true, persistent: false }, changed);
  // The directory was removed, or the watches of this user are used up: its owner looks now and then in any case.
  watcher.on('error', () => watcher.close());
  return { [Symbol.dispose]: () => watcher.close() };
};
