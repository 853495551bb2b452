/** Reads container logs in the format of the CRI: `<time> <stream> <F|P> <text>` per line. */
import type { FileHandle } from 'node:fs/promises';
import { type Clock, type Fs, ifExists, isAbort } from '../../base/index.ts';

export interface LogOptions {
  readonly follow: boolean;
  /** Only the last so many lines of what is there. */
  readonly tailLines?: number | undefined;
  /** Only lines at or after this time, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  readonly timestamps: boolean;
  readonly limitBytes?: number | undefined;
}

export interface LogSource {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly path: string;
  /** Whether nothing will be written any more. */
  readonly ended: () => boolean;
}

const chunkBytes = 64 * 1024;

/** A followed file is looked at again after this: writers of other processes cannot wake us. */
const followDelayMs = 100;

interface Line {
  readonly time: string;
  /** With the line's end, unless it was cut in the middle. */
  readonly text: string;
}

function parseLine(raw: string): Line | undefined {
  const match = /^(\S+) (?:stdout|stderr) ([FP])[^ ]* ?([\s\S]*)$/.exec(raw);
  if (!match) return undefined;
  const [, time = '', flag, text = ''] = match;
  return { time, text: flag === 'P' ? text : `${text}\n` };
}

/** The complete lines of the file from a position on, and where the next read begins. */
async function readLines(file: FileHandle, from: number): Promise<{ lines: string[]; next: number }> {
  let position = from;
  let rest = Buffer.alloc(0);
  const lines: string[] = [];
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return { lines, next: position - rest.length };
    position += bytesRead;
    let block = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10)) {
      lines.push(block.toString('utf8', 0, end));
      block = block.subarray(end + 1);
    }
    rest = block;
  }
}

/** Yields the log's text. Ends at the end of the file, or with `follow` when the container has ended. */
export async function* readLog(source: LogSource, options: LogOptions, signal: AbortSignal): AsyncGenerator<string> {
  const opened = await source.clock.boundary(ifExists(source.fs.open(source.path, 'r')));
  if (!opened) return;
  let file: FileHandle = opened;
  try {
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    let position = 0;
    let first = true;
    for (;;) {
      // Asked before the read: what is written after the answer was yes is nothing.
      const ended = source.ended();
      const { lines, next } = await source.clock.boundary(readLines(file, position));
      position = next;
      const wanted = select(
        lines.flatMap((line) => parseLine(line) ?? []),
        first ? options : { ...options, tailLines: undefined },
      );
      first = false;
      const text = wanted.map((line) => (options.timestamps ? `${line.time} ${line.text}` : line.text)).join('');
      const bytes = Buffer.from(text);
      if (bytes.length > 0) yield bytes.length > left ? bytes.toString('utf8', 0, left) : text;
      left -= bytes.length;
      if (left <= 0 || !options.follow) return;
      const turned = lines.length === 0 ? await openTurned(source, file) : undefined;
      if (turned) {
        await file.close();
        file = turned;
        position = 0;
      } else if (ended && lines.length === 0) return;
      else if (!ended) await source.clock.sleep(followDelayMs, signal);
    }
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
  } finally {
    await file.close();
  }
}

/** The file that has taken the name of the one that is read, which was full. */
async function openTurned({ fs, path, clock }: LogSource, file: FileHandle): Promise<FileHandle | undefined> {
  const [now, current] = await clock.boundary(Promise.all([ifExists(fs.stat(path)), file.stat()]));
  return now && now.ino !== current.ino ? await clock.boundary(ifExists(fs.open(path, 'r'))) : undefined;
}

function select(lines: readonly Line[], { sinceMs, tailLines }: LogOptions): readonly Line[] {
  const recent = sinceMs === undefined ? lines : lines.filter(({ time }) => Date.parse(time) >= sinceMs);
  return tailLines === undefined ? recent : tailLines === 0 ? [] : recent.slice(-tailLines);
}
