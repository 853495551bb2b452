import { normalize } from 'node:path';
import { MountError } from './mount-error.ts';

/** Options that say what a mount call does. The kernel ignores every other option beside them. */
const bindVerbs = new Set(['bind', 'rbind']);

/** Printable text without comma and quotes; a value may stand in double quotes and then hold commas (SELinux labels). */
const optionPattern = /^[^\p{Cc},"]+(="[^\p{Cc}"]*")?$/u;

const fsTypePattern = /^[a-zA-Z0-9][a-zA-Z0-9._+-]*$/;

/** Refuses an option that mount(8) would read as several or cut short. */
export function checkOption(option: string): void {
  if (!optionPattern.test(option)) {
    throw new MountError(
      'Invalid',
      `mount option ${JSON.stringify(option)} is empty or has characters that are not allowed`,
    );
  }
}

export function checkFsType(fsType: string): void {
  if (!fsTypePattern.test(fsType)) {
    throw new MountError('Invalid', `${JSON.stringify(fsType)} is not the name of a file system type`);
  }
}

export function checkAbsolute(path: string, what: string): void {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new MountError('Invalid', `the ${what} ${JSON.stringify(path)} is not an absolute path`);
  }
}

/** An absolute path without `.`, `..`, doubled and trailing slashes: as the mount table writes it. */
export function normalPath(path: string): string {
  checkAbsolute(path, 'path');
  return normalize(path).replace(/(.)\/$/, '$1');
}

export interface BindOptions {
  readonly verb: 'bind' | 'rbind';
  /** What a second, remounting call has to set. */
  readonly flags: readonly string[];
}

/** Takes the options of a bind mount apart; undefined when they are not those of one. */
export function findBindOptions(options: readonly string[]): BindOptions | undefined {
  if (options.includes('remount')) return undefined;
  const verb = options.find((option): option is 'bind' | 'rbind' => bindVerbs.has(option));
  if (verb === undefined) return undefined;
  return { verb, flags: options.filter((option) => !bindVerbs.has(option) && option !== 'defaults') };
}
