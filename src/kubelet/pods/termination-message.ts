/** The message that an ended container left for its status. */
import type { Container } from '../../api/index.ts';
import { type Fs, ifExists } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';

/** Upstream: MaxContainerTerminationMessageLength, and what is taken from a log instead. */
const messageLimitBytes = 4096;
const logTailBytes = 2048;
const logTailLines = 80;
/** Enough of a log's end to find so much text in it. */
const logReadBytes = 64 * 1024;

async function readEnd(fs: Fs, path: string, bytes: number): Promise<string> {
  const file = await ifExists(fs.open(path, 'r'));
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

export async function readTerminationMessage(
  fs: Fs,
  container: Container,
  record: ContainerRecord,
): Promise<string | undefined> {
  const own = record.terminationLogPath ? await readEnd(fs, record.terminationLogPath, messageLimitBytes) : '';
  if (own !== '') return own;
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || record.exitCode === 0) return undefined;
  const lines = (await readEnd(fs, record.logPath, logReadBytes)).split('\n').filter(Boolean).slice(-logTailLines);
  const text = lines.map((line) => line.split(' ').slice(3).join(' ')).join('\n');
  return text === '' ? undefined : `${text.slice(-logTailBytes)}\n`;
}
