import { describe, expect, it } from 'vitest';
import { findContainingMount, findMountRefs, isWithin, listMounts, parseMountinfo } from './mountinfo.ts';

function only(line: string) {
  const mount = parseMountinfo(`${line}\n`)[0];
  if (!mount) throw new Error('nothing parsed');
  return mount;
}

describe('parseMountinfo', () => {
  it('reads every field of a line', () => {
    expect(only('36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue')).toEqual({
      mountId: 36,
      parentId: 35,
      device: '98:0',
      root: '/mnt1',
      rootDeleted: false,
      path: '/mnt2',
      options: ['rw', 'noatime'],
      shared: undefined,
      master: 1,
      fsType: 'ext3',
      source: '/dev/root',
      superOptions: ['rw', 'errors=continue'],
    });
  });

  it('takes any number of optional fields, none included', () => {
    expect(only('1 0 0:1 / /a rw - tmpfs tmpfs rw')).toMatchObject({ shared: undefined, master: undefined });
    expect(only('1 0 0:1 / /a rw shared:7 - tmpfs tmpfs rw')).toMatchObject({ shared: 7, master: undefined });
    expect(only('1 0 0:1 / /a rw shared:7 master:3 propagate_from:2 unbindable - tmpfs tmpfs rw')).toMatchObject({
      shared: 7,
      master: 3,
      fsType: 'tmpfs',
    });
  });

  it('is not misled by a source or an option that is a hyphen', () => {
    expect(only('1 0 0:1 / /a rw - fuse.x - rw')).toMatchObject({ fsType: 'fuse.x', source: '-' });
  });

  it('restores blanks, tabs, newlines, backslashes and hashes in paths', () => {
    expect(only('1 0 0:1 /r\\040oot /a\\040b\\011c\\012d\\134e\\043 rw - tmpfs a\\040b rw')).toMatchObject({
      root: '/r oot',
      path: '/a b\tc\nd\\e#',
      source: 'a b',
    });
  });

  it('does not restore twice', () => {
    expect(only('1 0 0:1 / /a\\134040b rw - tmpfs t rw').path).toBe('/a\\040b');
  });

  it('tells that a root was deleted, and strips the mark of the kernel', () => {
    expect(only('1 0 8:1 /vol/a//deleted /mnt rw - ext4 /dev/sda rw')).toMatchObject({
      root: '/vol/a',
      rootDeleted: true,
      path: '/mnt',
    });
    expect(only('1 0 8:1 / /mnt//deleted rw - ext4 /dev/sda rw').path).toBe('/mnt');
  });

  it('takes an empty source and missing super options', () => {
    expect(only('1 0 0:1 / /a rw -  none').source).toBe('none');
    expect(only('1 0 0:1 / /a rw - tmpfs  rw')).toMatchObject({ source: '', superOptions: ['rw'] });
  });

  it('refuses a line that is cut short', () => {
    expect(() => parseMountinfo('36 35 98:0 / /mnt rw master:1\n')).toThrow(/Unreadable.*mount table/);
    expect(() => parseMountinfo('36 35 98:0 / /mnt rw - ext4')).toThrow(/Unreadable/);
  });

  it('keeps the order of ten thousand entries', () => {
    const line = (index: number) => `${index} 1 0:${index} / /mnt/${index} rw shared:${index} - tmpfs tmpfs rw`;
    const mounts = parseMountinfo(Array.from({ length: 10_000 }, (_, index) => line(index)).join('\n'));
    expect(mounts).toHaveLength(10_000);
    expect(mounts[9_999]?.path).toBe('/mnt/9999');
  });
});

describe('listMounts', () => {
  it('[rel-E5] never answers with an empty table when the table cannot be read', async () => {
    const readFile = () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));
    await expect(listMounts({ readFile } as never)).rejects.toThrow(/the mount table .* cannot be read/);
  });
});

const table = parseMountinfo(
  [
    '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
    '2 1 8:2 / /var/lib rw - ext4 /dev/sda2 rw',
    '3 2 8:2 /vols/a /var/lib/pods/p1/vol rw - ext4 /dev/sda2 rw',
    '4 2 8:2 /vols/a /var/lib/pods/p2/vol rw - ext4 /dev/sda2 rw',
    '5 2 8:2 /vols/b /var/lib/pods/p2/vol rw - ext4 /dev/sda2 rw',
  ].join('\n'),
);

describe('finding mounts', () => {
  it('tells a directory from a name that merely begins alike', () => {
    expect(isWithin('/a/b', '/a/b')).toBe(true);
    expect(isWithin('/a/b', '/a/b/c')).toBe(true);
    expect(isWithin('/a/b', '/a/bc')).toBe(false);
    expect(isWithin('/', '/a')).toBe(true);
  });

  it('finds the innermost mount of a path, and the last of stacked ones', () => {
    expect(findContainingMount(table, '/var/lib/x')?.mountId).toBe(2);
    expect(findContainingMount(table, '/var/libx')?.mountId).toBe(1);
    expect(findContainingMount(table, '/var/lib/pods/p2/vol/file')?.mountId).toBe(5);
  });

  it('[J10] finds the other mounts of a directory, whether it is a mount itself or lies in one', () => {
    expect(findMountRefs(table, '/var/lib/pods/p1/vol')).toEqual(['/var/lib/pods/p2/vol']);
    expect(findMountRefs(table, '/var/lib/vols/a')).toEqual(['/var/lib/pods/p1/vol', '/var/lib/pods/p2/vol']);
    expect(findMountRefs(table, '/var/lib/vols/c')).toEqual([]);
  });
});
