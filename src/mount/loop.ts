/** Loop devices: block devices whose blocks are the bytes of a file. Raw block volumes of the bundled driver use them. */
import { KeyLock } from '../base/index.ts';
import { type MountHost, runHostCommand } from './host-command.ts';
import { MountError } from './mount-error.ts';
import { checkAbsolute } from './mount-options.ts';

const loopTimeoutMs = 30_000;

export interface LoopDevice {
  /** `/dev/loop3` */
  readonly device: string;
  readonly backingFile: string;
  readonly readOnly: boolean;
}

export interface LoopDevices {
  /** Attaches the file to a free device, or returns the device that has it already. */
  attach(backingFile: string, options?: { readonly readOnly?: boolean }): Promise<string>;
  /** The devices whose backing file is this one, by inode. */
  find(backingFile: string): Promise<LoopDevice[]>;
  /** Frees the device. One that is free already is no error; one in use is freed when its last user closes it. */
  detach(device: string): Promise<void>;
  /** Lets the device see that its file has grown. */
  updateCapacity(device: string): Promise<void>;
  list(): Promise<LoopDevice[]>;
}

interface LosetupRow {
  readonly name: string;
  readonly 'back-file': string | null;
  readonly ro: boolean;
}

function isRow(row: unknown): row is LosetupRow {
  return typeof row === 'object' && row !== null && 'name' in row && typeof row.name === 'string';
}

/** `losetup --json` prints nothing at all when there is no device. */
function parseRows(text: string): LoopDevice[] {
  if (text.trim() === '') return [];
  const parsed: unknown = JSON.parse(text);
  const rows =
    typeof parsed === 'object' && parsed !== null && 'loopdevices' in parsed ? parsed.loopdevices : undefined;
  if (!Array.isArray(rows)) throw new MountError('Unreadable', `unexpected answer of losetup: ${text}`);
  return rows
    .filter(isRow)
    .map((row) => ({ device: row.name, backingFile: row['back-file'] ?? '', readOnly: row.ro === true }));
}

export function createLoopDevices(host: MountHost): LoopDevices {
  // Two searches for a free device at once may find the same one.
  const lock = new KeyLock<'attach'>();
  const losetup = async (...args: string[]): Promise<string> =>
    (await runHostCommand(host, { command: 'losetup', args, timeoutMs: loopTimeoutMs })).stdout;
  const columns = ['--json', '--list', '--output', 'NAME,RO,BACK-FILE'];
  const find = async (backingFile: string) => {
    checkAbsolute(backingFile, 'backing file');
    return parseRows(await losetup(...columns, '--associated', backingFile));
  };
  return {
    find,
    list: async () => parseRows(await losetup(...columns)),
    attach: (backingFile, { readOnly = false } = {}) =>
      lock.run('attach', async () => {
        const present = (await find(backingFile)).find((loop) => loop.readOnly === readOnly);
        if (present) return present.device;
        return (await losetup('--find', '--show', ...(readOnly ? ['--read-only'] : []), backingFile)).trim();
      }),
    detach: async (device) => {
      checkAbsolute(device, 'device');
      if ((await parseRows(await losetup(...columns))).some((loop) => loop.device === device)) {
        await losetup('--detach', device);
      }
    },
    updateCapacity: async (device) => {
      checkAbsolute(device, 'device');
      await losetup('--set-capacity', device);
    },
  };
}
