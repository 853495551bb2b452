/** The kernel's mount table, /proc/self/mountinfo: the only truth about what is mounted where. */
import type { Fs } from '../base/index.ts';
import { MountError } from './mount-error.ts';

export interface MountPoint {
  readonly mountId: number;
  readonly parentId: number;
  /** `major:minor` of the file system's device. */
  readonly device: string;
  /** The directory of the file system that is visible at the path; other than `/` for a bind mount of a part of it. */
  readonly root: string;
  /** The root was unlinked while it is mounted. */
  readonly rootDeleted: boolean;
  readonly path: string;
  /** Flags of this mount: `ro`, `nosuid`, ... */
  readonly options: readonly string[];
  /** Peer group that events are sent to. */
  readonly shared: number | undefined;
  /** Peer group that events are received from. */
  readonly master: number | undefined;
  readonly fsType: string;
  readonly source: string;
  /** Options of the file system, common to all its mounts. */
  readonly superOptions: readonly string[];
}

export const mountinfoPath = '/proc/self/mountinfo';

/** What the kernel appends to a path whose directory is unlinked. No path can contain a double slash otherwise. */
const deletedSuffix = '//deleted';

/** Space, tab, newline, backslash and `#` stand as a backslash and three octal digits. */
function unescapeField(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function withoutDeleted(path: string): string {
  return path.endsWith(deletedSuffix) ? path.slice(0, -deletedSuffix.length) || '/' : path;
}

function peerGroup(optionalFields: readonly string[], name: string): number | undefined {
  const field = optionalFields.find((candidate) => candidate.startsWith(`${name}:`));
  return field === undefined ? undefined : Number(field.slice(name.length + 1));
}

function parseLine(line: string): MountPoint {
  const fields = line.split(' ');
  // Any number of optional fields stands between the sixth field and a single hyphen.
  const separator = fields.indexOf('-', 6);
  const [mountId, parentId, device, root, path, options] = fields;
  const fsType = fields[separator + 1];
  const source = fields[separator + 2];
  if (separator < 0 || !device || !root || !path || !options || fsType === undefined || source === undefined) {
    throw new MountError('Unreadable', `unexpected line in the mount table: ${JSON.stringify(line)}`);
  }
  const optionalFields = separator === 6 ? [] : fields.slice(6, separator);
  const unescapedRoot = unescapeField(root);
  return {
    mountId: Number(mountId),
    parentId: Number(parentId),
    device,
    root: withoutDeleted(unescapedRoot),
    rootDeleted: unescapedRoot.endsWith(deletedSuffix),
    path: withoutDeleted(unescapeField(path)),
    options: options.split(','),
    shared: peerGroup(optionalFields, 'shared'),
    master: peerGroup(optionalFields, 'master'),
    fsType: unescapeField(fsType),
    source: unescapeField(source),
    superOptions: (fields[separator + 3] ?? '').split(',').map(unescapeField),
  };
}

/** Parses the text of a mountinfo file, in its order: a mount stacked on another comes after it. */
export function parseMountinfo(text: string): MountPoint[] {
  const mounts: MountPoint[] = [];
  for (const line of text.split('\n')) if (line !== '') mounts.push(parseLine(line));
  return mounts;
}

/** Reads the mount table of this process. A MountError when it cannot be read: never an empty answer instead. */
export async function listMounts(fs: Pick<Fs, 'readFile'>, path = mountinfoPath): Promise<MountPoint[]> {
  let text: string;
  try {
    text = await fs.readFile(path, 'utf8');
  } catch (thrown) {
    throw MountError.from(thrown, `the mount table ${path} cannot be read`);
  }
  return parseMountinfo(text);
}

/** Whether the path is the directory or lies below it. Both are absolute and normalised. */
export function isWithin(directory: string, path: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`);
}

/** The mount that is visible at the path: the one with the longest path; of stacked ones the last. */
export function findContainingMount(mounts: readonly MountPoint[], path: string): MountPoint | undefined {
  let found: MountPoint | undefined;
  for (const mount of mounts) {
    if (isWithin(mount.path, path) && (!found || mount.path.length >= found.path.length)) found = mount;
  }
  return found;
}

/** The paths of all other mounts that show the same directory of the same file system as the given path. */
export function findMountRefs(mounts: readonly MountPoint[], path: string): string[] {
  const containing = findContainingMount(mounts, path);
  if (!containing) return [];
  const inside = path.slice(containing.path === '/' ? 0 : containing.path.length);
  const root = `${containing.root === '/' ? '' : containing.root}${inside === '/' ? '' : inside}` || '/';
  const refs = mounts.filter((mount) => mount.device === containing.device && mount.root === root);
  return [...new Set(refs.map((mount) => mount.path))].filter((ref) => ref !== path);
}
