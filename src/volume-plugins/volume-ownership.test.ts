import { chmod, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fs, realFs, VirtualClock } from '../base/index.ts';
import { isRoot, podWith } from './testing/test-host.ts';
import { ownedMode, setVolumeOwnership, type VolumeOwnershipRequest } from './volume-ownership.ts';

const group = 4242;
let dir: string;
let clock: VirtualClock;
let reports: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ownership-'));
  clock = new VirtualClock();
  reports = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function request(fields: Partial<VolumeOwnershipRequest> = {}): VolumeOwnershipRequest {
  return {
    fs: realFs,
    clock,
    path: join(dir, 'volume'),
    fsGroup: group,
    readOnly: false,
    pod: podWith([]),
    mountPointsBelow: new Set(),
    report: (message) => reports.push(message),
    ...fields,
  };
}

const at = (...parts: string[]) => join(dir, 'volume', ...parts);
const look = async (path: string) => {
  const { gid, mode } = await lstat(path);
  return [gid, (mode & 0o7777).toString(8)];
};

describe.skipIf(!isRoot)('fsGroup', () => {
  beforeEach(async () => {
    await mkdir(at('sub'), { recursive: true });
    await chmod(at(), 0o755);
    await chmod(at('sub'), 0o700);
    await writeFile(at('sub/file'), '', { mode: 0o600 });
    await writeFile(join(dir, 'canary'), '', { mode: 0o600 });
    await symlink(join(dir, 'canary'), at('link'));
  });

  it('[J4] gives files 0660 and directories 0770 with the setgid bit to the group', async () => {
    await setVolumeOwnership(request());
    expect(await look(at())).toEqual([group, '2775']);
    expect(await look(at('sub'))).toEqual([group, '2770']);
    expect(await look(at('sub/file'))).toEqual([group, '660']);
  });

  it('[J4] gives a read-only volume 0440 and 0550', async () => {
    await setVolumeOwnership(request({ readOnly: true }));
    expect(await look(at('sub'))).toEqual([group, '2750']);
    expect(await look(at('sub/file'))).toEqual([group, '640']);
  });

  it('[J4] [rel-S-FS17] changes the owner of a link and nothing behind it', async () => {
    await setVolumeOwnership(request());
    expect((await look(at('link')))[0]).toBe(group);
    expect(await look(join(dir, 'canary'))).toEqual([0, '600']);
  });

  it('[rel-E17] does not enter mounts inside the volume', async () => {
    await setVolumeOwnership(request({ mountPointsBelow: new Set([at('sub')]) }));
    expect(await look(at('sub'))).toEqual([0, '700']);
    expect(await look(at('sub/file'))).toEqual([0, '600']);
  });

  it('[J5] walks with OnRootMismatch only while the root is not as it should be, and changes the root last', async () => {
    const order: string[] = [];
    const lchown: Fs['lchown'] = async (path, uid, gid) => {
      order.push(String(path));
      await realFs.lchown(path, uid, gid);
    };
    const recording = { ...realFs, lchown };
    await setVolumeOwnership(request({ fs: recording, fsGroupChangePolicy: 'OnRootMismatch' }));
    expect(order.at(-1)).toBe(at());
    await chmod(at('sub/file'), 0o600);
    await setVolumeOwnership(request({ fsGroupChangePolicy: 'OnRootMismatch' }));
    expect(await look(at('sub/file'))).toEqual([group, '600']);
    await setVolumeOwnership(request({ fsGroupChangePolicy: 'Always' }));
    expect(await look(at('sub/file'))).toEqual([group, '660']);
  });

  it('[J4] reports progress after 30 s and then every 60 s', async () => {
    const { promise: blocked, resolve } = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const slow: Fs = {
      ...realFs,
      lchown: async (path, uid, gid) => {
        reached.resolve();
        await blocked;
        await realFs.lchown(path, uid, gid);
      },
    };
    const pod = podWith([]);
    const work = setVolumeOwnership(request({ fs: slow, pod }));
    await reached.promise;
    await clock.advance(30_000 + 120_000);
    resolve();
    await work;
    expect(reports[0]).toContain('is taking longer than expected, consider using OnRootMismatch');
    expect(reports.slice(1).every((text) => /processed \d+ files\.$/.test(text))).toBe(true);
    expect(reports).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('[J4] stops when the pod goes', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(setVolumeOwnership(request(), controller.signal)).rejects.toThrow('aborted');
    expect((await look(at('sub/file')))[0]).toBe(0);
  });
});

it('[J4] keeps the permissions that an entry has beyond what is needed', () => {
  const file = { mode: 0o100755, isDirectory: () => false };
  expect(ownedMode(file, false)).toBe(0o775);
  expect(ownedMode({ mode: 0o040700, isDirectory: () => true }, false)).toBe(0o2770);
});
