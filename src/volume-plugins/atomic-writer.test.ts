import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs, seededRandom, VirtualClock } from '../base/index.ts';
import { FakeMounter, removeTreeOneFilesystem } from '../mount/index.ts';
import { AtomicWriter, type FileProjection, validatePayloadPath } from './atomic-writer.ts';

let dir: string;
let writer: AtomicWriter;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'atomic-'));
  await mkdir(join(dir, 'volume'));
  const host = { fs: realFs, mounter: new FakeMounter() };
  writer = new AtomicWriter(join(dir, 'volume'), {
    fs: realFs,
    clock: new VirtualClock(),
    random: seededRandom(1),
    removeTree: async (path) => {
      const found = await realFs.lstat(path).catch(() => undefined);
      if (found?.isDirectory()) await removeTreeOneFilesystem(host, path);
      else if (found) await unlink(path);
    },
  });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const volume = (...parts: string[]) => join(dir, 'volume', ...parts);
const noFinish = async () => {};

function payload(files: Readonly<Record<string, string>>, mode = 0o644): Map<string, FileProjection> {
  return new Map(Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));
}

describe('the atomic writer', () => {
  it('[K7] lays files out behind one link per name and a dated directory', async () => {
    expect(await writer.write(payload({ a: '1', 'sub/b': '2' }, 0o640), noFinish)).toBe(true);
    expect(await readlink(volume('a'))).toBe('..data/a');
    expect(await readlink(volume('sub'))).toBe('..data/sub');
    expect(await readlink(volume('..data'))).toMatch(/^\.\.2026_01_01_00_00_00\.\d+$/);
    expect(await readFile(volume('sub/b'), 'utf8')).toBe('2');
    expect((await stat(volume('a'))).mode & 0o777).toBe(0o640);
  });

  it('[K7] leaves the dated directory alone when the content is the same', async () => {
    await writer.write(payload({ a: '1' }), noFinish);
    const before = await readlink(volume('..data'));
    expect(await writer.write(payload({ a: '1' }), noFinish)).toBe(false);
    expect(await readlink(volume('..data'))).toBe(before);
  });

  it('[K7] [rel-E13] swaps all files at once and removes what is gone', async () => {
    await writer.write(payload({ a: '1', b: '1', 'sub/c': '1' }), noFinish);
    const seen: string[] = [];
    await writer.write(payload({ a: '2', d: '2' }), async () => {
      seen.push(await readFile(volume('a'), 'utf8'), await readFile(volume('b'), 'utf8'));
    });
    expect(seen).toEqual(['1', '1']);
    const entries = (await readdir(volume())).filter((name) => !name.startsWith('..'));
    expect(entries.sort()).toEqual(['a', 'd']);
    expect(await readFile(volume('a'), 'utf8')).toBe('2');
    expect((await readdir(volume())).filter((name) => name.startsWith('..2'))).toHaveLength(1);
  });

  it('[K7] cleans up what a crash left half-written', async () => {
    await mkdir(volume('..2025_01_01_00_00_00.1'));
    await symlink('..2025_01_01_00_00_00.1', volume('..data_tmp'));
    await writer.write(payload({ a: '1' }), noFinish);
    expect((await readdir(volume())).sort()).toEqual([await readlink(volume('..data')), '..data', 'a']);
  });

  it('[rel-S-FS4] never follows links that somebody put in its place', async () => {
    const canary = join(dir, 'canary');
    await mkdir(canary);
    await writeFile(join(canary, 'precious'), 'data');
    await writer.write(payload({ a: '1' }), noFinish);
    const version = await readlink(volume('..data'));
    await rm(volume(version), { recursive: true });
    await symlink(canary, volume(version));
    await writer.write(payload({ a: '2' }), noFinish);
    await unlink(volume('..data'));
    await symlink(canary, volume('..data'));
    await writer.write(payload({ a: '3' }), noFinish);
    await unlink(volume('a'));
    await symlink(join(canary, 'precious'), volume('a'));
    await writer.write(payload({ a: '4' }), noFinish);
    expect(await readFile(volume('a'), 'utf8')).toBe('4');
    expect(await readFile(join(canary, 'precious'), 'utf8')).toBe('data');
    expect(await readdir(canary)).toEqual(['precious']);
  });

  it.each([
    ['', 'must not be empty'],
    ['/etc/passwd', 'must be relative'],
    ['a/../../b', "must not contain '..'"],
    ['..data', "must not start with '..'"],
    ['x'.repeat(256), 'filenames must be less than or equal to 255'],
    [`${'a/'.repeat(2048)}b`, 'less than or equal to 4096'],
  ])('[K7] [rel-S-FS13] refuses the path %j', (path, why) => {
    expect(() => validatePayloadPath(path)).toThrow(why);
  });
});
