import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { describeOnHost } from '../../../../test/support/host.ts';
import type { ContainerRuntime } from '../runtime.ts';
import { containerCapabilities } from './capabilities.ts';
import { ContainerLab, ended, exec, removeAll } from './testing/container-lab.ts';

describeOnHost('process runtime', { root: true, commands: ['unshare', 'nsenter', 'setpriv', 'script'] }, () => {
  let lab: ContainerLab;
  let runtime: ContainerRuntime;

  beforeAll(async () => {
    lab = new ContainerLab(realpathSync(mkdtempSync(join(tmpdir(), 'stowage-run-'))));
    runtime = await lab.runtime();
  });
  afterEach(async () => {
    await removeAll(runtime);
    expect(lab.mounts()).not.toContain(lab.directory);
  });
  afterAll(async () => {
    await runtime[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(lab.shimPids()).toEqual([]), 10_000);
    rmSync(lab.directory, { recursive: true, force: true });
  });

  it('runs the command as process 1 in a root of its own', async () => {
    const container = lab.config(
      'echo $$ $(hostname) $(pwd); touch /etc/made-inside; ls /proc | grep -c "^[0-9]"; exit 3',
    );
    const { record, out } = await lab.run(runtime, container);
    expect(out).toMatch(/^1 web-0 \/\n[1-9]$/);
    expect(record).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error' });
    expect(existsSync('/etc/made-inside')).toBe(false);
  });

  it('hides the data and root directories of the node', async () => {
    writeFileSync(join(lab.directory, 'secret'), 'x');
    const { out } = await lab.run(
      runtime,
      lab.config(`ls -A ${lab.directory} | wc -l; cat ${lab.directory}/secret 2>&1`),
    );
    expect(out).toMatch(/^0\n.*No such file/);
  });

  it('[J9][J13][rel-E10] mounts volumes at their paths, read-only where asked', async () => {
    const mounts = [
      lab.volume('v1', '/data'),
      lab.volume('v1', '/again/deep', { readOnly: true }),
      lab.volume('v2', '/data/inner'),
    ];
    const { out } = await lab.run(
      runtime,
      lab.config('echo kept >/data/file; cat /again/deep/file; touch /again/deep/no 2>&1; echo in >/data/inner/x', {
        mounts,
      }),
    );
    expect(out).toMatch(/kept\n.*Read-only file system/);
    expect(readFileSync(join(lab.directory, 'pods/v2/x'), 'utf8')).toBe('in\n');
    expect(readdirSync(join(lab.directory, 'pods/v1')).sort()).toEqual(['file', 'inner']);
  });

  it('[rel-J2] makes no mount point outside a volume, whatever links the volume holds', async () => {
    const outer = lab.volume('linked', '/data');
    execFileSync('ln', ['-s', `${lab.directory}/outside`, join(outer.source, 'inner')]);
    await expect(
      runtime.createAndStart(lab.config('true', { mounts: [outer, lab.volume('inner', '/data/inner')] })),
    ).rejects.toThrow(/leaves the volume/);
    expect(existsSync(`${lab.directory}/outside`)).toBe(false);
  });

  it('runs as the user and groups asked for, without privileges', async () => {
    const container = lab.config('id -u; id -g; id -G; grep -E "^Cap(Inh|Prm|Eff|Amb)|NoNew" /proc/self/status', {
      user: { uid: 1234, gid: 5678, supplementalGroups: [42] },
      security: { privileged: false, capabilities: [], noNewPrivileges: true, readOnlyRootFilesystem: false },
    });
    const { out } = await lab.run(runtime, container);
    expect(out.replaceAll(/\s+/g, ' ')).toBe(
      '1234 5678 5678 42 CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000 NoNewPrivs: 1',
    );
  });

  it("gives root Docker's capabilities and no device that it makes itself", async () => {
    const { out } = await lab.run(
      runtime,
      lab.config(
        'grep CapEff /proc/self/status; mknod /tmp/n b 7 0; cat /tmp/n 2>&1; cat /dev/null; head -c 1 /dev/zero | wc -c',
      ),
    );
    expect(out).toMatch(/CapEff:\s+00000000a80425fb\n.*Permission denied\n1/);
  });

  it('hands the environment over as it is, and keeps it out of argument lists', async () => {
    const env = [
      { name: 'PATH', value: '/usr/bin:/bin' },
      { name: 'TRICKY', value: 'a\'b "c" $d `e`\n  second line\\' },
      { name: 'with.dot', value: 'dotted' },
      { name: 'UID', value: '7' },
    ];
    const { out } = await lab.run(runtime, lab.config('', { env, args: ['env'] }));
    expect(out).toContain('TRICKY=a\'b "c" $d `e`\n  second line\\\n');
    expect(out).toContain('with.dot=dotted\nUID=7');
    expect(out.split('\n')).toHaveLength(5);
  });

  it('reports a command that does not exist as StartError', async () => {
    const container = lab.config('', { args: ['no-such-command'] });
    await expect(runtime.createAndStart(container)).rejects.toMatchObject({
      code: 'StartFailed',
      message: 'exec: "no-such-command": executable file not found in $PATH',
    });
    expect(await runtime.list()).toMatchObject([{ state: 'exited', exitCode: 128, reason: 'StartError' }]);
  });

  it('lets a handler of SIGTERM run, and kills after the grace', async () => {
    const polite = lab.config("trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.1; done");
    await runtime.createAndStart(polite);
    await expect.poll(() => lab.output(polite)).toBe('up');
    expect(await runtime.stop(polite.id, 10_000)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(lab.output(polite)).toBe('up\nbye');
    const deaf = lab.config('while true; do sleep 0.1; done');
    await runtime.createAndStart(deaf);
    expect(await runtime.stop(deaf.id, 100)).toMatchObject({ exitCode: 137, reason: 'Error' });
  });

  it('[U2] runs more commands in the container', async () => {
    const container = lab.config('echo 1 >/tmp/inside; exec sleep 1000', {
      mounts: [lab.volume('v1', '/data')],
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
    const container = lab.config('exec sleep 1000');
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
    const container = lab.config('echo /tmp/evil.so >/etc/ld.so.preload; echo ready; exec sleep 1000');
    await runtime.createAndStart(container);
    await expect.poll(() => lab.output(container)).toContain('ready');
    // The command itself is the container's own and says that it cannot load the library; the steps before it do not.
    const { err, code } = await exec(runtime, container.id, 'true');
    expect(code).toBe(0);
    expect(err.match(/cannot be preloaded/g)).toHaveLength(1);
  });

  it('adopts running containers after the agent has gone', async () => {
    const first = await lab.runtime('n2');
    const container = lab.config("trap 'exit 5' TERM; echo up; while true; do sleep 0.1; done");
    await first.createAndStart(container);
    await expect.poll(() => lab.output(container)).toBe('up');
    await first[Symbol.asyncDispose]();
    const second = await lab.runtime('n2');
    expect(await second.list()).toMatchObject([{ id: container.id, state: 'running' }]);
    expect(await second.stop(container.id, 5_000)).toMatchObject({ exitCode: 5 });
    await removeAll(second);
    await second[Symbol.asyncDispose]();
  });

  it('kills containers with the shim, and says so afterwards', async () => {
    const container = lab.config('sleep 1000 & wait');
    await runtime.createAndStart(container);
    for (const pid of lab.shimPids()) process.kill(pid, 'SIGKILL');
    expect(await ended(runtime, container.id)).toMatchObject({ exitCode: 137, reason: 'ContainerStatusUnknown' });
    const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(left).not.toContain('sleep 1000 & wait');
  });

  it('runs an unpacked image that holds none of the tools', async () => {
    const image = join(lab.directory, 'images', 'tiny%3Alatest');
    mkdirSync(join(image, 'rootfs/bin'), { recursive: true });
    const libraries = execFileSync('sh', ['-c', 'ldd /bin/cat | grep -o "/[^ ]*"'], { encoding: 'utf8' });
    for (const path of ['/bin/cat', ...libraries.trim().split('\n')]) {
      execFileSync('sh', ['-c', `mkdir -p $(dirname ${image}/rootfs${path}); cp -L ${path} ${image}/rootfs${path}`]);
    }
    writeFileSync(join(image, 'config.json'), JSON.stringify({ id: 'sha256:1', Entrypoint: ['cat'], Cmd: ['/x'] }));
    const imageInfo = await runtime.findImage('tiny:latest');
    expect(imageInfo).toMatchObject({ id: 'sha256:1', entrypoint: ['cat'] });
    const { record, out } = await lab.run(runtime, lab.config('', { imageInfo, args: ['cat', '/proc/1/comm'] }));
    expect(record.exitCode).toBe(0);
    expect(out).toBe('cat');
  });

  it('keeps the root read-only where asked, but not its volumes', async () => {
    const security = {
      privileged: false,
      capabilities: containerCapabilities({}),
      noNewPrivileges: false,
      readOnlyRootFilesystem: true,
    };
    const container = lab.config('touch /x 2>&1; touch /data/y && echo done', {
      security,
      mounts: [lab.volume('ro', '/data')],
    });
    const { out } = await lab.run(runtime, container);
    expect(out).toMatch(/Read-only file system\ndone$/);
  });

  it('lets go of the other mounts of the host, so that their devices are free', async () => {
    const mount = join(lab.directory, 'other');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mount]);
    try {
      const container = lab.config('exec sleep 1000');
      await runtime.createAndStart(container);
      const { out } = await exec(runtime, container.id, 'cat', '/proc/1/mountinfo');
      expect(out).not.toContain('other');
      const { pid } = JSON.parse(
        readFileSync(join(lab.directory, 'runtime/containers', container.id, 'record.json'), 'utf8'),
      );
      expect(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')).not.toContain(mount);
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  it('[J6] shows mounts of the host below a volume that asks for it, and none below others', async () => {
    const shared = join(lab.directory, 'pods', 'prop');
    mkdirSync(shared, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', shared]);
    execFileSync('mount', ['--make-rshared', shared]);
    try {
      const mounts = [
        lab.volume('prop', '/slave', { propagation: 'slave' }),
        lab.volume('prop', '/private', { propagation: 'private' }),
      ];
      const container = lab.config('exec sleep 1000', { mounts });
      await runtime.createAndStart(container);
      mkdirSync(join(shared, 'late'));
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(shared, 'late')]);
      writeFileSync(join(shared, 'late', 'file'), '');
      expect((await exec(runtime, container.id, 'ls', '/slave/late')).out).toBe('file\n');
      expect((await exec(runtime, container.id, 'ls', '/private/late')).out).toBe('');
      execFileSync('umount', [join(shared, 'late')]);
    } finally {
      execFileSync('umount', ['--recursive', shared]);
    }
  });

  it('[J6] passes mounts of a privileged container on to the host, and nothing else of its namespace', async () => {
    const shared = join(lab.directory, 'pods', 'both');
    mkdirSync(shared, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', shared]);
    execFileSync('mount', ['--make-rshared', shared]);
    try {
      const own = () =>
        lab
          .mounts()
          .split('\n')
          .filter((line) => line.includes(lab.directory)).length;
      const before = own();
      const mounts = [lab.volume('both', '/both', { propagation: 'shared' })];
      const security = { privileged: true, capabilities: [], noNewPrivileges: false, readOnlyRootFilesystem: false };
      const container = lab.config('mkdir /both/in && mount -t tmpfs tmpfs /both/in && echo mounted; exec sleep 1000', {
        mounts,
        security,
      });
      await runtime.createAndStart(container);
      await expect.poll(() => lab.output(container)).toBe('mounted');
      expect(own()).toBe(before + 1);
      expect(lab.mounts()).toContain(join(shared, 'in'));
      await runtime.stop(container.id, 0);
      execFileSync('umount', [join(shared, 'in')]);
    } finally {
      execFileSync('umount', ['--recursive', shared]);
    }
  });

  it('[J7] gives a raw block device at its path', async () => {
    const file = join(lab.directory, 'disk');
    writeFileSync(file, Buffer.alloc(1024 * 1024, 'x'));
    const device = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim();
    try {
      const devices = [{ source: device, target: '/dev/xvda' }];
      const { out } = await lab.run(runtime, lab.config('test -b /dev/xvda && head -c 3 /dev/xvda', { devices }));
      expect(out).toBe('xxx');
    } finally {
      execFileSync('losetup', ['--detach', device]);
    }
  });

  it('refuses a mount that is not the volume it was declared to be', async () => {
    const mount = lab.volume('real', '/data');
    const elsewhere = join(lab.directory, 'elsewhere');
    mkdirSync(elsewhere);
    rmSync(mount.source, { recursive: true });
    execFileSync('ln', ['-s', elsewhere, mount.source]);
    await expect(runtime.createAndStart(lab.config('true', { mounts: [mount] }))).rejects.toThrow(/and not its volume/);
    expect(await runtime.list()).toEqual([]);
  });

  it('writes as its user into what belongs to its group', async () => {
    const mount = lab.volume('group', '/data');
    chownSync(mount.source, 0, 4321);
    execFileSync('chmod', ['2775', mount.source]);
    const user = { uid: 1000, gid: 1000, supplementalGroups: [4321] };
    const { record } = await lab.run(runtime, lab.config('touch /data/file', { mounts: [mount], user }));
    expect(record.exitCode).toBe(0);
    expect(execFileSync('stat', ['-c', '%u:%g', join(mount.source, 'file')], { encoding: 'utf8' })).toBe('1000:4321\n');
  });

  it('[U2] joins the streams of the container itself', async () => {
    const container = lab.config('while read -r line; do echo "got $line"; done', { stdin: true, stdinOnce: true });
    await runtime.createAndStart(container);
    using session = await runtime.attach(container.id);
    session.stdin?.end('one\ntwo\n');
    expect(await text(session.stdout)).toBe('got one\ngot two\n');
    expect(await ended(runtime, container.id)).toMatchObject({ exitCode: 0 });
  });

  it('keeps the containers of two nodes apart in one shim', async () => {
    const other = await lab.runtime('n2');
    const [mine, theirs] = [lab.config('exec sleep 1000'), lab.config('exec sleep 1000')];
    await Promise.all([runtime.createAndStart(mine), other.createAndStart(theirs)]);
    expect((await runtime.list()).map(({ id }) => id)).toEqual([mine.id]);
    expect((await other.list()).map(({ id }) => id)).toEqual([theirs.id]);
    expect(lab.shimPids()).toHaveLength(1);
    await removeAll(other);
    await other[Symbol.asyncDispose]();
  });

  it('starts one shim for nodes that all need it at once', async () => {
    const fresh = new ContainerLab(realpathSync(mkdtempSync(join(tmpdir(), 'stowage-run-'))));
    const nodes = await Promise.all(['n1', 'n2', 'n3'].map((name) => fresh.runtime(name)));
    await Promise.all(nodes.map((node) => node.createAndStart(fresh.config('exec sleep 1000'))));
    expect(fresh.shimPids()).toHaveLength(1);
    for (const node of nodes) {
      await removeAll(node);
      await node[Symbol.asyncDispose]();
    }
    await vi.waitFor(() => expect(fresh.shimPids()).toEqual([]), 10_000);
    rmSync(fresh.directory, { recursive: true, force: true });
  });
});
