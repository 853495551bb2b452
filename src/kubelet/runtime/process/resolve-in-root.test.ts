import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs } from '../../../base/index.ts';
import { resolveInRoot } from './resolve-in-root.ts';

describe('resolveInRoot', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stowage-root-'));
    mkdirSync(join(root, 'run/lock'), { recursive: true });
    mkdirSync(join(root, 'var'));
    symlinkSync('/run', join(root, 'var/run'));
    symlinkSync('../../../../etc', join(root, 'var/out'));
    symlinkSync('loop', join(root, 'loop'));
    writeFileSync(join(root, 'file'), '');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const resolve = (path: string) => resolveInRoot(realFs, root, path);

  it('follows links as the container itself would', async () => {
    expect(await resolve('/var/run/lock')).toEqual({ path: '/run/lock', exists: true });
    expect(await resolve('/var/run/secrets/x')).toEqual({ path: '/run/secrets/x', exists: false });
  });

  it('[rel-J2] never leaves the root', async () => {
    expect(await resolve('/var/out/passwd')).toEqual({ path: '/etc/passwd', exists: false });
    expect(await resolve('/../../x')).toEqual({ path: '/x', exists: false });
  });

  it('takes what is not there as it stands', async () => {
    expect(await resolve('new/path')).toEqual({ path: '/new/path', exists: false });
    expect(await resolve('/file/below')).toEqual({ path: '/file/below', exists: false });
    expect(await resolve('/')).toEqual({ path: '/', exists: true });
  });

  it('gives up on links that go round', async () => {
    await expect(resolve('/loop/x')).rejects.toThrow('too many symbolic links');
  });
});
