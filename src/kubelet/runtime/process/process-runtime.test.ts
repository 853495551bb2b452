import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeOnHost, removeTemporaryDirectories, temporaryDirectory } from '../../../../test/support/host.ts';
import { realClock, realFs, realRandom, silentLogger } from '../../../base/index.ts';
import type { ContainerConfig, ContainerMount, ContainerRecord, ContainerRuntime } from '../runtime.ts';
import { containerCapabilities } from './capabilities.ts';
import { hostImage } from './images.ts';
import { createProcessRuntime } from './process-runtime.ts';

removeTemporaryDirectories();

let directory: string;
let runtimes: ContainerRuntime[] = [];
let serial = 0;

function newRuntime(): Promise<ContainerRuntime> {
  return createProcessRuntime({
    fs: realFs,
    clock: realClock,
    random: realRandom,
    logger: silentLogger,
    nodeName: 'n1',
    directory: join(directory, 'runtime'),
    imagesDir: join(directory, 'images'),
    maskedPaths: [directory],
  }).then((runtime) => {
    runtimes.push(runtime);
    return runtime;
  });
}

function config(script: string, changes: Partial<ContainerConfig> = {}): ContainerConfig {
  const id = `c${serial++}`;
  mkdirSync(join(directory, 'logs'), { recursive: true });
  return {
    id,
    identity: {
      podUid: 'u1',
      podNamespace: 'default',
      podName: 'p',
      containerName: 'c',
      attempt: 0,
      specHash: 'x',
    },
    image: 'busybox',
    imageInfo: hostImage,
    args: ['sh', '-c', script],
    env: [{ name: 'PATH', value: '/usr/sbin:/usr/bin:/sbin:/bin' }],
    workingDir: '/',
    hostname: 'web-0',
    hostIpc: false,
    user: { uid: 0, gid: 0, supplementalGroups: [] },
    security: {
      privileged: false,
      capabilities: containerCapabilities({}),
      noNewPrivileges: false,
      readOnlyRootFilesystem: false,
    },
    mounts: [],
    devices: [],
    logPath: join(directory, 'logs', `${id}.log`),
    terminationLogPath: '',
    stdin: false,
    stdinOnce: false,
    tty: false,
    ...changes,
  };
}

function volume(name: string, target: string, changes: Partial<ContainerMount> = {}): ContainerMount {
  const source = join(directory, 'pods', name);
  mkdirSync(source, { recursive: true });
  return {
    source,
    target,
    readOnly: false,
    recursiveReadOnly: false,
    propagation: 'private',
    verify: true,
    ...changes,
  };
}

function ended(runtime: ContainerRuntime, id: string): Promise<ContainerRecord> {
  return new Promise((resolve) => {
    const look = (record: ContainerRecord) => {
      if (record.id === id && record.state === 'exited') resolve(record);
    };
    runtime.onChange(look);
    void runtime.list().then((records) => records.forEach(look));
  });
}

function output(of: ContainerConfig): string {
  return readFileSync(of.logPath, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ').slice(3).join(' '))
    .join('\n');
}

/** Runs a container to its end and returns what it printed. */
async function run(runtime: ContainerRuntime, of: ContainerConfig): Promise<{ record: ContainerRecord; out: string }> {
  await runtime.createAndStart(of);
  const record = await ended(runtime, of.id);
  return { record, out: output(of) };
}

async function exec(runtime: ContainerRuntime, id: string, ...command: string[]) {
  const session = await runtime.exec(id, { command, stdin: false, tty: false });
  const [out, err, code] = await Promise.all([text(session.stdout), text(session.stderr), session.exitCode]);
  return { out, err, code };
}

function shimPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`shim-main.ts\0${directory}`);
      } catch {
        return false;
      }
    });
}

describeOnHost('process runtime', { root: true, commands: ['unshare', 'nsenter', 'setpriv', 'script'] }, () => {
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    for (const runtime of runtimes) {
      for (const record of await runtime.list()) {
        await runtime.stop(record.id, 0);
        await runtime.remove(record.id);
      }
      await runtime[Symbol.asyncDispose]();
    }
    runtimes = [];
    await expect.poll(shimPids, { timeout: 10_000 }).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(directory);
  });

  it('runs the command as process 1 in a root of its own', async () => {
    const runtime = await newRuntime();
    const container = config('echo $$ $(hostname) $(pwd); touch /etc/made-inside; ls /proc | grep -c "^[0-9]"; exit 3');
    const { record, out } = await run(runtime, container);
    expect(out).toMatch(/^1 web-0 \/\n[1-9]$/);
    expect(record).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error' });
    expect(existsSync('/etc/made-inside')).toBe(false);
  });

  it('hides the data and root directories of the node', async () => {
    const runtime = await newRuntime();
    writeFileSync(join(directory, 'secret'), 'x');
    const { out } = await run(runtime, config(`ls -A ${directory} | wc -l; cat ${directory}/secret 2>&1`));
    expect(out).toMatch(/^0\n.*No such file/);
  });

  it('[J9][J13][rel-E10] mounts volumes at their paths, read-only where asked', async () => {
    const runtime = await newRuntime();
    const mounts = [
      volume('v1', '/data'),
      volume('v1', '/again/deep', { readOnly: true }),
      volume('v2', '/data/inner'),
    ];
    const { out } = await run(
      runtime,
      config('echo kept >/data/file; cat /again/deep/file; touch /again/deep/no 2>&1; echo in >/data/inner/x', {
        mounts,
      }),
    );
    expect(out).toMatch(/kept\n.*Read-only file system/);
    expect(readFileSync(join(directory, 'pods/v2/x'), 'utf8')).toBe('in\n');
    expect(readdirSync(join(directory, 'pods/v1')).sort()).toEqual(['file', 'inner']);
  });

  it('[rel-J2] makes no mount point outside a volume, whatever links the volume holds', async () => {
    const runtime = await newRuntime();
    const outer = volume('v1', '/data');
    execFileSync('ln', ['-s', `${directory}/outside`, join(outer.source, 'inner')]);
    await expect(
      runtime.createAndStart(config('true', { mounts: [outer, volume('v2', '/data/inner')] })),
    ).rejects.toThrow(/leaves the volume/);
    expect(existsSync(`${directory}/outside`)).toBe(false);
  });

  it('runs as the user and groups asked for, without privileges', async () => {
    const runtime = await newRuntime();
    const container = config('id -u; id -g; id -G; grep -E "^Cap(Inh|Prm|Eff|Amb)|NoNew" /proc/self/status', {
      user: { uid: 1234, gid: 5678, supplementalGroups: [42] },
      security: { privileged: false, capabilities: [], noNewPrivileges: true, readOnlyRootFilesystem: false },
    });
    const { out } = await run(runtime, container);
    expect(out.replaceAll(/\s+/g, ' ')).toBe(
      '1234 5678 5678 42 CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000 NoNewPrivs: 1',
    );
  });

  it("gives root Docker's capabilities and no device that it makes itself", async () => {
    const runtime = await newRuntime();
    const { out } = await run(
      runtime,
      config(
        'grep CapEff /proc/self/status; mknod /tmp/n b 7 0; cat /tmp/n 2>&1; cat /dev/null; head -c 1 /dev/zero | wc -c',
      ),
    );
    expect(out).toMatch(/CapEff:\s+00000000a80425fb\n.*Permission denied\n1/);
  });

  it('hands the environment over as it is, and keeps it out of argument lists', async () => {
    const runtime = await newRuntime();
    const env = [
      { name: 'PATH', value: '/usr/bin:/bin' },
      { name: 'TRICKY', value: 'a\'b "c" $d `e`\n  second line\\' },
      { name: 'with.dot', value: 'dotted' },
      { name: 'UID', value: '7' },
    ];
    const { out } = await run(runtime, config('', { env, args: ['env'] }));
    expect(out).toContain('TRICKY=a\'b "c" $d `e`\n  second line\\\n');
    expect(out).toContain('with.dot=dotted\nUID=7');
    expect(out.split('\n')).toHaveLength(5);
  });

  it('reports a command that does not exist as StartError', async () => {
    const runtime = await newRuntime();
    const container = config('', { args: ['no-such-command'] });
    await expect(runtime.createAndStart(container)).rejects.toMatchObject({
      code: 'StartFailed',
      message: 'exec: "no-such-command": executable file not found in $PATH',
    });
    expect(await runtime.list()).toMatchObject([{ state: 'exited', exitCode: 128, reason: 'StartError' }]);
  });

  it('lets a handler of SIGTERM run, and kills after the grace', async () => {
    const runtime = await newRuntime();
    const polite = config("trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.1; done");
    await runtime.createAndStart(polite);
    await expect.poll(() => output(polite)).toBe('up');
    expect(await runtime.stop(polite.id, 10_000)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(output(polite)).toBe('up\nbye');
    const deaf = config('while true; do sleep 0.1; done');
    await runtime.createAndStart(deaf);
    expect(await runtime.stop(deaf.id, 100)).toMatchObject({ exitCode: 137, reason: 'Error' });
  });

  it('[U2] runs more commands in the container', async () => {
    const runtime = await newRuntime();
    const container = config('echo 1 >/tmp/inside; exec sleep 1000', {
      mounts: [volume('v1', '/data')],
      workingDir: '/data',
      env: [
        { name: 'PATH', value: '/usr/bin:/bin' },
        { name: 'GREETING', value: 'hello world' },
      ],
    });
    await runtime.createAndStart(container);
    await expect.poll(async () => (await exec(runtime, container.id, 'cat', '/tmp/inside')).out).toBe('1\n');
    expect(await exec(runtime, container.id, 'sh', '-c', 'pwd; echo $GREETING; hostname; echo e >&2; exit 7')).toEqual({
      out: '/data\nhello world\nweb-0\n',
      err: 'e\n',
      code: 7,
    });
    expect(
      (
        await exec(
          runtime,
          container.id,
          'sh',
          '-c',
          'grep -E "CapEff|CapBnd|CapInh" /proc/self/status; grep /data /proc/mounts | wc -l',
        )
      ).out,
    ).toMatch(/CapInh:\s+0+\nCapEff:\s+00000000a80425fb\nCapBnd:\s+00000000a80425fb\n1\n/);
    expect((await exec(runtime, container.id, 'no-such')).code).toBe(127);
  });

  it('[U2] passes input on, and gives a terminal', async () => {
    const runtime = await newRuntime();
    const container = config('exec sleep 1000');
    await runtime.createAndStart(container);
    const piped = await runtime.exec(container.id, { command: ['cat'], stdin: true, tty: false });
    piped.stdin?.end('through');
    expect(await text(piped.stdout)).toBe('through');
    const terminal = await runtime.exec(container.id, {
      command: ['sh', '-c', 'test -t 0 && stty size; read a; echo got $a; exit 4'],
      stdin: true,
      tty: true,
    });
    terminal.resize({ columns: 99, rows: 33 });
    terminal.stdin?.write('line\n');
    expect(await text(terminal.stdout)).toContain('got line\r\n');
    expect(await terminal.exitCode).toBe(4);
  });

  it("keeps a container's own files from running with the privileges of exec", async () => {
    const runtime = await newRuntime();
    const container = config('echo /tmp/evil.so >/etc/ld.so.preload; echo ready; exec sleep 1000');
    await runtime.createAndStart(container);
    await expect.poll(() => output(container)).toContain('ready');
    // The command itself is the container's own and says that it cannot load the library; the steps before it do not.
    const { err, code } = await exec(runtime, container.id, 'true');
    expect(code).toBe(0);
    expect(err.match(/cannot be preloaded/g)).toHaveLength(1);
  });

  it('adopts running containers after the agent has gone', async () => {
    const first = await newRuntime();
    const container = config("trap 'exit 5' TERM; echo up; while true; do sleep 0.1; done");
    await first.createAndStart(container);
    await expect.poll(() => output(container)).toBe('up');
    await first[Symbol.asyncDispose]();
    runtimes = [];
    const second = await newRuntime();
    expect(await second.list()).toMatchObject([{ id: container.id, state: 'running' }]);
    expect(await second.stop(container.id, 5_000)).toMatchObject({ exitCode: 5 });
  });

  it('kills containers with the shim, and says so afterwards', async () => {
    const runtime = await newRuntime();
    const container = config('sleep 1000 & wait');
    await runtime.createAndStart(container);
    for (const pid of shimPids()) process.kill(pid, 'SIGKILL');
    expect(await ended(runtime, container.id)).toMatchObject({ exitCode: 137, reason: 'ContainerStatusUnknown' });
    const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(left).not.toContain('sleep 1000 & wait');
  });

  it('runs an unpacked image that holds none of the tools', async () => {
    const runtime = await newRuntime();
    const image = join(directory, 'images', 'tiny%3Alatest');
    mkdirSync(join(image, 'rootfs/bin'), { recursive: true });
    const libraries = execFileSync('sh', ['-c', 'ldd /bin/cat | grep -o "/[^ ]*"'], { encoding: 'utf8' });
    for (const path of ['/bin/cat', ...libraries.trim().split('\n')]) {
      execFileSync('sh', ['-c', `mkdir -p $(dirname ${image}/rootfs${path}); cp -L ${path} ${image}/rootfs${path}`]);
    }
    writeFileSync(join(image, 'config.json'), JSON.stringify({ id: 'sha256:1', Entrypoint: ['cat'], Cmd: ['/x'] }));
    const imageInfo = await runtime.findImage('tiny:latest');
    expect(imageInfo).toMatchObject({ id: 'sha256:1', entrypoint: ['cat'] });
    const { record, out } = await run(runtime, config('', { imageInfo, args: ['cat', '/proc/1/comm'] }));
    expect(record.exitCode).toBe(0);
    expect(out).toBe('cat');
  });
});
