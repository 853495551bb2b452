import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs, silentLogger, VirtualClock } from '../../base/index.ts';
import { FakeFlexDriver, failure, success } from '../testing/fake-flex-driver.ts';
import { FlexDrivers } from './flex-drivers.ts';

describe('the directory of FlexVolume drivers', () => {
  let root: string;
  let dir: string;
  let clock: VirtualClock;
  let exec: FakeFlexDriver;
  let drivers: FlexDrivers;
  let changes: string[];
  let warnings: string[];
  let watched: string[];
  /** What the kernel's watch calls. */
  let changed = () => {};

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'flex-drivers-'));
    dir = join(root, 'a', 'exec');
    clock = new VirtualClock();
    exec = new FakeFlexDriver({ init: ([path = '']) => ({ ...success, message: path }) });
    [changes, warnings, watched] = [[], [], []];
    const logger = { ...silentLogger, warn: (...args: unknown[]) => void warnings.push(JSON.stringify(args)) };
    drivers = new FlexDrivers({
      dir,
      fs: realFs,
      exec,
      clock,
      logger: { ...logger, with: () => logger } as typeof silentLogger,
      watch: (path, tell) => {
        watched.push(path);
        changed = tell;
        return { [Symbol.dispose]: () => {} };
      },
    });
    drivers.onChange((name) => changes.push(`${name}: ${drivers.find(name) ? 'there' : 'gone'}`));
  });
  afterEach(async () => {
    await drivers[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  async function install(name: string, executable = name.slice(name.lastIndexOf('~') + 1)): Promise<string> {
    await mkdir(join(dir, name), { recursive: true });
    const path = join(dir, name, executable);
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, 0o755);
    return path;
  }

  /** What the watch makes the drivers do. */
  async function notice(): Promise<void> {
    changed();
    await clock.advance(50);
    await drivers.ready();
  }

  it('[M2] is made when it is missing, with mode 755, and watched', async () => {
    await drivers.ready();
    expect((await stat(dir)).mode & 0o777).toBe(0o755);
    expect(watched).toEqual([dir]);
    expect(drivers.names()).toEqual([]);
    expect(exec.calls).toEqual([]);
  });

  it('[M1] [M2] [M4] gives each driver that is there one init, by the part of its name after the vendor', async () => {
    await install('alicloud~disk');
    await install('plain');
    await drivers.ready();
    expect([...drivers.names()].sort()).toEqual(['alicloud/disk', 'plain']);
    expect(exec.commands()).toEqual(['init', 'init']);
    await drivers.ready();
    expect(exec.commands()).toEqual(['init', 'init']);
    expect(changes.sort()).toEqual(['alicloud/disk: there', 'plain: there']);
  });

  it('[M2] gains a driver that is installed while it is watched', async () => {
    await drivers.ready();
    await install('k8s~dummy');
    await notice();
    expect(drivers.find('k8s/dummy')).toBeDefined();
    await writeFile(join(dir, 'k8s~dummy', 'notes'), 'of the driver');
    await mkdir(join(dir, 'k8s~dummy', 'more'));
    await notice();
    expect(exec.commands(), 'what lies beside the executable changes nothing').toEqual(['init']);
  });

  it('[M2] finds what no event told of', async () => {
    await drivers.ready();
    await install('k8s~dummy');
    await clock.advance(10_000);
    await drivers.ready();
    expect(drivers.names()).toEqual(['k8s/dummy']);
  });

  it.each([
    ['its executable is removed', () => rm(join(dir, 'k8s~dummy', 'dummy'))],
    ['its directory is removed', () => rm(join(dir, 'k8s~dummy'), { recursive: true })],
    ['its directory is hidden', () => rename(join(dir, 'k8s~dummy'), join(dir, '.k8s~dummy'))],
    ['its directory takes another name', () => rename(join(dir, 'k8s~dummy'), join(dir, 'k8s~other'))],
  ])('[M2] loses a driver when %s', async (_what, remove) => {
    await install('k8s~dummy');
    await drivers.ready();
    await remove();
    await notice();
    expect(drivers.names()).toEqual([]);
    expect(changes).toEqual(['k8s/dummy: there', 'k8s/dummy: gone']);
  });

  it.each([
    ['written to', async (path: string) => await writeFile(path, '#!/bin/sh\nexit 1\n')],
    ['made executable', async (path: string) => await chmod(path, 0o700)],
    [
      'replaced',
      async (path: string) => {
        await writeFile(`${path}.new`, await readFile(path));
        await rename(`${path}.new`, path);
      },
    ],
  ])('[M2] initialises a driver anew when its executable is %s', async (_how, change) => {
    const path = await install('k8s~dummy');
    await drivers.ready();
    const before = drivers.find('k8s/dummy');
    await change(path);
    await notice();
    expect(exec.commands()).toEqual(['init', 'init']);
    expect(drivers.find('k8s/dummy')).not.toBe(before);
  });

  it('[M2] is made again, and watched again, when it was removed', async () => {
    await install('k8s~dummy');
    await drivers.ready();
    await rm(dir, { recursive: true });
    await notice();
    expect((await stat(dir)).isDirectory()).toBe(true);
    expect(drivers.names()).toEqual([]);
    expect(watched).toEqual([dir, dir]);
    await install('k8s~dummy');
    await notice();
    expect(drivers.names()).toEqual(['k8s/dummy']);
  });

  it('[M2] [M4] tries a driver again whose init fails, less and less often, and at once when it is changed', async () => {
    let broken = true;
    exec.answers.set('init', () => (broken ? failure('not yet') : success));
    const path = await install('k8s~dummy');
    await drivers.ready();
    expect(drivers.names()).toEqual([]);
    expect(warnings.join()).toContain('init command failed, status: Failure, reason: not yet');
    await clock.advance(3_500);
    await drivers.ready();
    expect(exec.commands()).toEqual(['init', 'init', 'init']);
    broken = false;
    await writeFile(path, '#!/bin/sh\n# better\n');
    await notice();
    expect(drivers.names()).toEqual(['k8s/dummy']);
    const calls = exec.calls.length;
    await clock.advance(120_000);
    expect(exec.calls).toHaveLength(calls);
  });

  it('[M2] keeps a driver whose replacement does not initialise', async () => {
    const path = await install('k8s~dummy');
    await drivers.ready();
    const before = drivers.find('k8s/dummy');
    exec.answers.set('init', failure('worse'));
    await writeFile(path, '#!/bin/sh\n# worse\n');
    await notice();
    expect(drivers.find('k8s/dummy')).toBe(before);
  });

  it('[M2] [rel-X41] does not let a driver that hangs in init hold up the others, or the start', async () => {
    const never = new Promise<object>(() => {});
    exec.answers.set('init', ([path = '']) => (path.endsWith('/slow') ? never : success));
    await install('k8s~slow');
    await install('k8s~quick');
    await drivers.look();
    const ready = drivers.ready();
    await clock.advance(10_000);
    await ready;
    expect(drivers.names()).toEqual(['k8s/quick']);
  });

  it.each([
    ['.hidden', 'hidden'],
    ['k8s~', ''],
    ['~..~..~sh', 'sh'],
    ['a~..~b', 'b'],
    ['kubernetes.io~csi', 'csi'],
    ['UPPER~x', 'x'],
  ])('[M1] [M2] [rel-S-FS14] never runs what lies in %s', async (name, executable) => {
    await install(name, executable || 'x');
    await drivers.ready();
    expect(exec.calls).toEqual([]);
    expect(drivers.names()).toEqual([]);
  });

  it('[rel-S-FS14] never runs what links lead to outside', async () => {
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere', 'linked'), '#!/bin/sh\n');
    await mkdir(dir, { recursive: true });
    await symlink(join(root, 'elsewhere'), join(dir, 'linked'));
    await mkdir(join(dir, 'k8s~linked'));
    await symlink(join(root, 'elsewhere', 'linked'), join(dir, 'k8s~linked', 'linked'));
    await mkdir(join(dir, 'k8s~directory', 'directory'), { recursive: true });
    await writeFile(join(dir, 'file'), '');
    await drivers.ready();
    expect(exec.calls).toEqual([]);
    expect(warnings.join()).toContain('it leads out of the directory');
  });

  it('[M2] runs what a link leads to inside', async () => {
    await install('k8s~dummy', 'dummy-1.2');
    await symlink('dummy-1.2', join(dir, 'k8s~dummy', 'dummy'));
    await drivers.ready();
    expect(drivers.names()).toEqual(['k8s/dummy']);
  });

  it('[M2] ends with its drivers: no init goes on, nothing is looked at again', async () => {
    let aborted = false;
    exec.run = async (_executable, _args, { signal }) =>
      await new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        });
      });
    await install('k8s~slow');
    await drivers.look();
    await drivers[Symbol.asyncDispose]();
    expect(aborted).toBe(true);
    changed();
    await clock.advance(60_000);
    expect(exec.calls).toEqual([]);
  });
});
