import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fs, realFs, VirtualClock } from '../base/index.ts';
import { applyFsGroup } from './apply-fs-group.ts';
import { isRoot, podWith, TestHost } from './testing/test-host.ts';
import type { VolumeHost } from './volume-host.ts';

let host: TestHost;
beforeEach(async () => {
  host = await TestHost.create('memory');
});
afterEach(() => host[Symbol.asyncDispose]());

it.skipIf(!isRoot)('[W10] [J4] tells the pod while giving a volume to its group takes long', async () => {
  const path = join(host.rootDir, 'volume');
  await mkdir(path);
  await writeFile(join(path, 'file'), '');
  const clock = new VirtualClock();
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const lchown: Fs['lchown'] = async (...args) => {
    reached.resolve();
    await released.promise;
    await realFs.lchown(...args);
  };
  const slow: VolumeHost = Object.assign(Object.create(host) as TestHost, { clock, fs: { ...realFs, lchown } });
  const request = { path, fsGroup: 2000, fsGroupChangePolicy: undefined, readOnly: false, pod: podWith([]) };
  const work = applyFsGroup(slow, request, new AbortController().signal);
  await reached.promise;
  expect(host.events).toEqual([]);
  await clock.advance(30_000);
  released.resolve();
  await work;
  expect(host.events).toHaveLength(1);
  expect(host.events[0]).toMatch(
    /^Warning VolumePermissionChangeInProgress .*is taking longer than expected, consider using OnRootMismatch/,
  );
});
