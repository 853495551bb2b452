/** Pipes between this process and one it starts. Node.js hands out socket pairs, which nobody can open by name. */
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Exec } from './exec.ts';

/** One direction of a child's standard streams. */
export interface Pipe extends Disposable {
  /** What the child writes. Ends when every process that has the other end has closed it. */
  readonly reader: Socket;
  /** To be handed to the child as a standard stream. Disposing the pipe closes it here: do so once the child is there. */
  readonly writeFd: number;
}

const makeTimeoutMs = 5_000;

/**
 * Makes pipes at the given paths, which exist for a moment only. Unlike a socket, `/proc/self/fd/1` of such a stream
 * can be opened: programs that write to /dev/stdout depend on it, also when they run as another user.
 */
export async function makePipes(exec: Exec, paths: readonly string[]): Promise<readonly Pipe[]> {
  await exec.run('mkfifo', ['-m', '666', '--', ...paths], { timeoutMs: makeTimeoutMs });
  return paths.map(openPipe);
}

function openPipe(path: string): Pipe {
  try {
    const reader = new Socket({
      fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      readable: true,
      writable: false,
    });
    const writeFd = openSync(path, constants.O_WRONLY);
    let open = true;
    return {
      reader,
      writeFd,
      [Symbol.dispose]() {
        if (open) closeSync(writeFd);
        open = false;
      },
    };
  } finally {
    unlinkSync(path);
  }
}
