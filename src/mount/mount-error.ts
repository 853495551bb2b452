import { ExecError, errnoOf, isAbort, messageOf, TimeoutError } from '../base/index.ts';

/**
 * - `Failed`: the command or system call failed; the output says why.
 * - `TimedOut`: killed at its deadline. What it did is unknown: read the mount table.
 * - `Busy`: in use, so that it could not be unmounted or removed.
 * - `NotMounted`: nothing is mounted at the path.
 * - `NotFound`: the source, target or device does not exist.
 * - `Invalid`: the request is refused and nothing was done.
 * - `Escapes`: a path leaves the volume it must stay in; nothing was done.
 * - `NotEmpty`: a device that was to be formatted, or a directory that was to be removed, is not empty.
 * - `Mismatch`: the device holds another file system than the one asked for.
 * - `Corrupted`: fsck found errors it could not correct.
 * - `Unreadable`: the mount table or a device cannot be read, so its state is unknown.
 */
export type MountErrorCode =
  | 'Failed'
  | 'TimedOut'
  | 'Busy'
  | 'NotMounted'
  | 'NotFound'
  | 'Invalid'
  | 'Escapes'
  | 'NotEmpty'
  | 'Mismatch'
  | 'Corrupted'
  | 'Unreadable';

export interface MountErrorDetails {
  /** The command line, without sensitive options. */
  readonly command?: string | undefined;
  readonly exitCode?: number | undefined;
  /** What the command wrote, standard error first. */
  readonly output?: string | undefined;
  readonly cause?: unknown;
}

/** Anything that goes wrong between this program and the kernel's mounts, loop devices and file systems. */
export class MountError extends Error {
  override readonly name = 'MountError';
  readonly code: MountErrorCode;
  readonly command: string | undefined;
  readonly exitCode: number | undefined;
  readonly output: string;

  constructor(code: MountErrorCode, message: string, details: MountErrorDetails = {}) {
    super(`${code}: ${message}`, { cause: details.cause });
    this.code = code;
    this.command = details.command;
    this.exitCode = details.exitCode;
    this.output = details.output ?? '';
  }

  /** Wraps anything thrown. A MountError and an AbortError are returned as they are. */
  static from(thrown: unknown, what: string): Error {
    if (thrown instanceof MountError) return thrown;
    if (thrown instanceof Error && isAbort(thrown)) return thrown;
    if (thrown instanceof ExecError) return fromExec(thrown, what);
    return new MountError(codeOf(thrown), `${what}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function codeOf(thrown: unknown): MountErrorCode {
  if (thrown instanceof TimeoutError) return 'TimedOut';
  switch (errnoOf(thrown)) {
    case 'ENOENT':
      return 'NotFound';
    case 'EBUSY':
      return 'Busy';
    case 'ENOTEMPTY':
      return 'NotEmpty';
    default:
      return 'Failed';
  }
}

/** util-linux exits 32 for every failed mount or unmount; only its words (in the C locale) tell them apart. */
function codeOfOutput(output: string): MountErrorCode {
  if (/target is busy|device is busy|Device or resource busy/.test(output)) return 'Busy';
  if (/not mounted|not a mount point|mount point not mounted/.test(output)) return 'NotMounted';
  if (/does not exist|No such file or directory|no mount point specified/.test(output)) return 'NotFound';
  return 'Failed';
}

function fromExec(error: ExecError, what: string): MountError {
  const output = [error.stderr.trim(), error.stdout.trim()].filter((text) => text !== '').join('\n');
  const code = error.cause instanceof TimeoutError ? 'TimedOut' : codeOfOutput(output);
  const how = error.exitCode === undefined ? error.message : `exit status ${error.exitCode}`;
  return new MountError(code, output === '' ? `${what}: ${how}` : `${what}: ${how}: ${output}`, {
    command: what,
    exitCode: error.exitCode,
    output,
    cause: error,
  });
}
