import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod } from '../../api/index.ts';
import { realFs } from '../../base/index.ts';
import { FakeMounter } from '../../mount/index.ts';
import { ensurePodDirectories, hostnameOf, removePodDirectory } from './pod-directories.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0', namespace: 'd', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { containers: [], subdomain: 'web', hostAliases: [{ ip: '10.0.0.1', hostnames: ['a', 'b'] }] },
};

describe('pod directories', () => {
  let rootDir: string;
  let mounter: FakeMounter;
  beforeEach(() => {
    rootDir = mkdtempSync(join(tmpdir(), 'stowage-pods-'));
    mounter = new FakeMounter();
  });
  afterEach(() => rmSync(rootDir, { recursive: true, force: true }));

  const host = () => ({ fs: realFs, mounter, rootDir, nodeIp: '127.0.0.1' });
  const directory = () => join(rootDir, 'pods/u');

  it('[I18] makes the directories and the files that containers share', async () => {
    await ensurePodDirectories(host(), pod);
    for (const name of ['volumes', 'plugins', 'containers']) expect(existsSync(join(directory(), name))).toBe(true);
    const hosts = readFileSync(join(directory(), 'etc-hosts'), 'utf8');
    expect(hosts).toContain('127.0.0.1\tweb-0.web.d.svc.cluster.local\tweb-0\n');
    expect(hosts).toContain('10.0.0.1\ta\tb\n');
    expect(readFileSync(join(directory(), 'hostname'), 'utf8')).toBe('web-0\n');
  });

  it('[I16] removes the directory when its volumes are empty', async () => {
    await ensurePodDirectories(host(), pod);
    mkdirSync(join(directory(), 'volumes/kubernetes.io~empty-dir/gone'), { recursive: true });
    mkdirSync(join(directory(), 'plugins/kubernetes.io~empty-dir/gone'), { recursive: true });
    writeFileSync(join(directory(), 'plugins/kubernetes.io~empty-dir/gone/ready'), '');
    await removePodDirectory(host(), 'u');
    expect(existsSync(directory())).toBe(false);
    await removePodDirectory(host(), 'u');
  });

  it('[I16][rel-E5] leaves everything while a volume holds data', async () => {
    const volume = join(directory(), 'volumes/kubernetes.io~csi/pvc-1');
    mkdirSync(volume, { recursive: true });
    writeFileSync(join(volume, 'data'), 'precious');
    await expect(removePodDirectory(host(), 'u')).rejects.toThrow(
      'orphaned pod "u" found, but volume paths are still present on disk',
    );
    expect(readFileSync(join(volume, 'data'), 'utf8')).toBe('precious');
  });

  it('[I16] tells of sub paths that are left', async () => {
    mkdirSync(join(directory(), 'volume-subpaths/v/c/0'), { recursive: true });
    await expect(removePodDirectory(host(), 'u')).rejects.toThrow('volume subpaths are still present on disk');
  });

  it('[rel-E5] removes nothing across a mount', async () => {
    const inside = join(directory(), 'containers/c');
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, 'data'), 'precious');
    await mounter.mount({ source: '/elsewhere', target: inside, options: ['bind'] });
    await expect(removePodDirectory(host(), 'u')).rejects.toThrow('is mounted in it');
    expect(existsSync(join(inside, 'data'))).toBe(true);
  });

  it('cuts long names for the kernel', () => {
    const name = `${'a'.repeat(62)}-${'b'.repeat(20)}`;
    expect(hostnameOf({ ...pod, metadata: { ...pod.metadata, name } })).toBe('a'.repeat(62));
  });
});
