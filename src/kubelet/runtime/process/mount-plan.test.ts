import { describe, expect, it } from 'vitest';
import { type MountPoint, parseMountinfo } from '../../../mount/index.ts';
import type { ContainerMount } from '../runtime.ts';
import { formatFstab } from './fstab.ts';
import { finishCommands, verifyMounts } from './mount-check.ts';
import { placeMounts, volumeTable } from './mount-plan.ts';

function mount(source: string, target: string, changes: Partial<ContainerMount> = {}) {
  const options = { readOnly: false, recursiveReadOnly: false, propagation: 'private', verify: true } as const;
  return { source, target, exists: false, ...options, ...changes };
}

const hostMounts = parseMountinfo(`1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:2 /sub /var/pods/v1 rw,noexec - ext4 /dev/sdb rw
`);

describe('placeMounts', () => {
  it('mounts outer volumes first and knows what covers what', () => {
    const placed = placeMounts([mount('/a', '/data/inner'), mount('/b', '/other'), mount('/c', '/data')]);
    expect(placed.map(({ target, parent }) => [target, parent?.target])).toEqual([
      ['/data', undefined],
      ['/other', undefined],
      ['/data/inner', '/data'],
    ]);
  });

  it('refuses two volumes at one path, the root and the place of the tools', () => {
    expect(() => placeMounts([mount('/a', '/x'), mount('/b', '/x')])).toThrow('two volumes are mounted at /x');
    for (const target of ['/', '/.stowage', '/.stowage/lib']) {
      expect(() => placeMounts([mount('/a', target)])).toThrow('nothing can be mounted');
    }
  });
});

describe('volumeTable', () => {
  it('[J9] keeps the flags of the source and adds those that are asked for', () => {
    const placed = placeMounts([mount('/var/pods/v1/dir', '/data', { readOnly: true })]);
    expect(volumeTable('/root dir', placed, hostMounts, false)).toEqual([
      {
        source: '/var/pods/v1/dir',
        target: '/root dir/data',
        type: 'none',
        options: ['rbind', 'noexec', 'ro', 'nodev', 'rprivate'],
      },
    ]);
  });

  it('writes paths so that mount reads them as they are', () => {
    expect(formatFstab([{ source: '/a b\t#', target: '/c\\d', type: 'none', options: [] }])).toBe(
      '/a\\040b\\011\\043 /c\\134d none defaults 0 0\n',
    );
  });
});

describe('verifyMounts', () => {
  const mounts = placeMounts([mount('/var/pods/v1/dir', '/data', { readOnly: true })]);
  const check = (line: string) => ({
    rootfs: '/r',
    hostMounts,
    mounts,
    containerMounts: parseMountinfo(`1 0 8:1 / / rw - ext4 /dev/sda1 rw\n${line}\n`),
  });

  it('[rel-E1] accepts the declared volume only', () => {
    verifyMounts(check('9 1 8:2 /sub/dir /r/data ro - ext4 /dev/sdb rw'));
    expect(() => verifyMounts(check('9 1 8:2 /sub/else /r/data ro - ext4 /dev/sdb rw'))).toThrow('not its volume');
    expect(() => verifyMounts(check('9 1 8:3 /sub/dir /r/data ro - ext4 /dev/sdc rw'))).toThrow('not its volume');
    expect(() => verifyMounts(check('9 1 8:2 /sub/dir /r/elsewhere ro - ext4 /dev/sdb rw'))).toThrow(
      'nothing is mounted',
    );
  });

  it('[rel-E10] refuses a writable mount that must be read-only', () => {
    expect(() => verifyMounts(check('9 1 8:2 /sub/dir /r/data rw - ext4 /dev/sdb rw'))).toThrow('is not read-only');
  });
});

describe('finishCommands', () => {
  const table = (text: string): MountPoint[] => parseMountinfo(text);
  const containerMounts = table(`1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:5 / /proc rw - proc proc rw
3 1 8:9 / /var rw - ext4 /dev/sdz rw
4 3 8:2 / /var/pods/other rw - ext4 /dev/sdb rw
5 4 8:2 / /var/pods/other/below rw - ext4 /dev/sdb rw
6 1 8:3 / /home rw shared:7 - ext4 /dev/sdc rw
7 3 0:9 / /var/c/rootfs rw - overlay overlay rw
8 7 8:4 / /var/c/rootfs/data rw - ext4 /dev/sdd rw
9 8 8:5 / /var/c/rootfs/data/below rw,noexec - ext4 /dev/sde rw
`);
  const mounts = placeMounts([mount('/x', '/data', { readOnly: true, recursiveReadOnly: true })]);
  const check = { rootfs: '/var/c/rootfs', hostMounts, containerMounts, mounts };

  it('detaches the storage of others, but nothing that the root stands on', () => {
    const commands = finishCommands(check, { readOnlyRootFilesystem: false, shared: false });
    expect(commands).toContain('umount --lazy --no-canonicalize -- /var/pods/other /home 2>/dev/null || :');
    expect(commands.at(-1)).toBe('mount --no-canonicalize --move -- /var/c/rootfs /');
  });

  it('[J6] makes what lies below a recursively read-only volume read-only too', () => {
    const commands = finishCommands(check, { readOnlyRootFilesystem: false, shared: false });
    expect(commands[0]).toBe('mount --no-canonicalize -o remount,bind,ro,noexec -- /var/c/rootfs/data/below');
  });

  it('unmounts nothing where that would unmount on the host', () => {
    const commands = finishCommands(check, { readOnlyRootFilesystem: true, shared: true });
    expect(commands.join('\n')).not.toContain('umount');
    expect(commands).toContain('mount --no-canonicalize --make-slave -- /home');
    expect(commands).toContain('mount --no-canonicalize -o remount,bind,ro -- /var/c/rootfs');
  });
});
