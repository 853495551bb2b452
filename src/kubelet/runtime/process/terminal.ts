/** Sizes of terminals, which script(1) made and holds the other side of. */
import { type Clock, type Fs, spawnProcess } from '../../../base/index.ts';
import type { TerminalSize } from '../runtime.ts';

/** A client tells the size at once; script needs some milliseconds until its terminal is there. */
const tries = 50;
const retryMs = 20;

export function setTerminalSize(terminal: string, size: TerminalSize): void {
  if (!terminal.startsWith('/dev/pts/')) return;
  const args = ['-F', terminal, 'rows', String(size.rows), 'cols', String(size.columns)];
  // A terminal that has gone meanwhile needs no size.
  spawnProcess('stty', { args, stdio: ['ignore', 'ignore', 'ignore'] }).on('error', () => {});
}

/** The terminal of script's child: its standard input. Undefined while there is none, or none any more. */
async function findTerminal(fs: Fs, scriptPid: number): Promise<string | undefined> {
  try {
    const children = await fs.readFile(`/proc/${scriptPid}/task/${scriptPid}/children`, 'utf8');
    const terminal = await fs.readlink(`/proc/${children.trim().split(' ')[0]}/fd/0`);
    return terminal.startsWith('/dev/pts/') ? terminal : undefined;
  } catch {
    return undefined;
  }
}

export async function resizeSession(
  host: { readonly fs: Fs; readonly clock: Clock },
  scriptPid: number,
  size: TerminalSize,
  ended: () => boolean,
): Promise<void> {
  for (let attempt = 0; attempt < tries && !ended(); attempt++) {
    const terminal = await findTerminal(host.fs, scriptPid);
    if (terminal) {
      setTerminalSize(terminal, size);
      return;
    }
    await host.clock.sleep(retryMs);
  }
}
