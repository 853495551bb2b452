import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Fs, realFs, UsageError } from '../../base/index.ts';
import type { VolumeRecord } from './records.ts';
import { State } from './state.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function volume(index: number, overrides: Partial<VolumeRecord> = {}): VolumeRecord {
  return {
    id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    name: `pvc-${index}`,
    sizeBytes: 10n,
    accessType: 'mount',
    kind: '',
    ephemeral: false,
    ready: true,
    context: {},
    mutableParameters: {},
    attachments: [],
    staged: [],
    published: [],
    ...overrides,
  };
}

/** A file system whose renames are counted and can be made to fail. */
function watchedFs() {
  const watch = { renames: 0, failing: false };
  const fs: Fs = {
    ...realFs,
    rename: async (from, to) => {
      watch.renames++;
      if (watch.failing) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      await realFs.rename(from, to);
    },
  };
  return { fs, watch };
}

test('[P9] has after a restart what it had, sizes above 2^53 included', async () => {
  const state = await State.load(realFs, directory);
  const sizeBytes = (1n << 60n) + 1n;
  state.putVolume(volume(1, { sizeBytes, kind: 'fast', published: [{ nodeId: 'n', path: '/p', readonly: true }] }));
  state.putVolume(volume(2));
  state.putSnapshot({
    id: '00000000-0000-4000-8000-0000000000aa',
    name: 'snap',
    sourceVolumeId: volume(1).id,
    sizeBytes: 5n,
    accessType: 'mount',
    createdMs: 1234,
    ready: true,
  });
  state.removeVolume(volume(2).id);
  await state.durable();
  const again = await State.load(realFs, directory);
  expect([...again.volumes]).toEqual([...state.volumes]);
  expect([...again.snapshots]).toEqual([...state.snapshots]);
  expect(again.usedBytes('fast')).toBe(sizeBytes);
  expect(again.findVolumeByName('pvc-1')?.sizeBytes).toBe(sizeBytes);
  expect(again.findVolumeByName('pvc-2')).toBeUndefined();
});

test('writes the changes of one time together, and nothing when nothing changed', async () => {
  const { fs, watch } = watchedFs();
  const state = await State.load(fs, directory);
  const all = Array.from({ length: 100 }, async (_, index) => {
    state.putVolume(volume(index));
    await state.durable();
    const onDisk = await readFile(join(directory, 'state.json'), 'utf8');
    expect(onDisk).toContain(`"pvc-${index}"`);
  });
  await Promise.all(all);
  expect(watch.renames).toBeLessThanOrEqual(3);
  const before = watch.renames;
  await state.durable();
  expect(watch.renames).toBe(before);
});

test('[rel-F-ST3] fails every call of a write that failed, and writes all of it with the next', async () => {
  const { fs, watch } = watchedFs();
  const state = await State.load(fs, directory);
  watch.failing = true;
  state.putVolume(volume(1));
  await expect(state.durable()).rejects.toThrow('no space');
  await expect(state.durable()).rejects.toThrow('no space');
  watch.failing = false;
  await state.durable();
  expect((await State.load(fs, directory)).findVolume(volume(1).id)).toEqual(volume(1));
});

test.each(['', '{', '[]', '{"Volumes":[{"id":"../../etc","sizeBytes":"1"}],"Snapshots":[]}'])(
  '[rel-S-FS10] refuses to start on the damaged state %j and leaves it alone',
  async (text) => {
    const path = join(directory, 'state.json');
    await writeFile(path, text);
    await expect(State.load(realFs, directory)).rejects.toThrow(UsageError);
    expect(await readFile(path, 'utf8')).toBe(text);
  },
);
