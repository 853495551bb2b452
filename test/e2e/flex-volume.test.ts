import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run, Stowage } from './support/stowage.ts';

const scripts = join(import.meta.dirname, 'support', 'flex-drivers');
const imageDriver = join(import.meta.dirname, '..', '..', 'examples', 'flexvolume', 'stowage.io~image', 'image');

const claimed = (claimName: string) => ({ persistentVolumeClaim: { claimName } });

function pod(name: string, source: object): object {
  const container = {
    name: 'main',
    image: 'busybox',
    command: ['sleep', 'infinity'],
    volumeMounts: [{ name: 'flex', mountPath: '/data' }],
  };
  const volumes = [{ name: 'flex', ...source }];
  const spec = { terminationGracePeriodSeconds: 0, containers: [container], volumes };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}

/** A volume of the driver, with a claim of its name that is meant for it. */
function volumeAndClaim(name: string, flexVolume: object, storage = '64Mi'): object[] {
  const accessModes = ['ReadWriteOnce'];
  const metadata = { name };
  const common = { accessModes, storageClassName: 'flex' };
  const volume = { ...common, capacity: { storage }, persistentVolumeReclaimPolicy: 'Retain', flexVolume };
  const claim = { ...common, volumeName: name, resources: { requests: { storage } } };
  return [
    { apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec: volume },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim },
  ];
}

const flexClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'flex' },
  provisioner: 'kubernetes.io/no-provisioner',
  allowVolumeExpansion: true,
};

describe('FlexVolume drivers', () => {
  let plugins: string;
  let directory: string;
  let stowage: Stowage;
  beforeEach(async () => {
    plugins = await mkdtemp(join(tmpdir(), 'flex-'));
    directory = await Stowage.makeDirectory();
    stowage = await start();
    await apply(flexClass);
  });
  afterEach(async () => {
    await stowage?.[Symbol.asyncDispose]();
    // Of a test that failed half-way.
    const { stdout } = await run('losetup', ['-n', '-O', 'NAME', '-j', join(plugins, 'disk.img')]);
    for (const device of stdout.split('\n').filter(Boolean)) await run('losetup', ['-d', device]);
    await rm(plugins, { recursive: true, force: true });
  });

  const start = (...args: string[]) =>
    Stowage.start({ directory, args: ['--no-default-drivers', '--volume-plugin-dir', join(plugins, 'exec'), ...args] });
  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const running = (name: string) =>
    stowage.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
  const read = (name: string, file = '/data/index.html') => stowage.ok(['exec', name, '--', 'cat', file]);
  const calls = () =>
    readFileSync(join(plugins, 'exec', 'calls.log'), 'utf8')
      .trim()
      .split('\n');
  const mounts = () =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(directory) && /\/volumes\/(k8s|stowage\.io)~|\/flexvolume\//.test(path));
  const inNodeStatus = (path: string, accept: (out: string) => boolean) =>
    stowage.until(['get', 'node', 'node-0', '-o', `jsonpath={${path}}`], accept);

  const untilDetached = async () => {
    await inNodeStatus('.metadata.annotations', (out) => !out.includes('flexvolume.stowage.io'));
    await inNodeStatus('.status.volumesAttached', (out) => out === '');
  };

  /** As upstream's documentation says: under a name with a dot, then renamed. */
  async function install(script: string, driver: string): Promise<void> {
    const hidden = join(plugins, 'exec', '.installing');
    await mkdir(hidden, { recursive: true });
    const executable = join(hidden, driver.slice(driver.lastIndexOf('~') + 1));
    await copyFile(script, executable);
    await chmod(executable, 0o755);
    await rename(hidden, join(plugins, 'exec', driver));
  }

  it('[M1] [M2] [M4] [M6] [M7] mount into a pod what a driver puts there that was installed meanwhile', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys' },
      type: 'k8s/dummy',
      stringData: { password: 'open sesame' },
    };
    const flexVolume = { driver: 'k8s/dummy', secretRef: { name: 'keys' } };
    await apply(secret, pod('reader', { flexVolume }));
    await stowage.until('get events -o custom-columns=M:.message', (out) => out.includes('no volume plugin matched'));
    await install(join(scripts, 'dummy'), 'k8s~dummy');
    await running('reader');
    expect(await read('reader')).toBe('Hello from flexvolume!\nreader\nopen sesame');
    expect(stowage.log).not.toContain(Buffer.from('open sesame').toString('base64'));
    expect(mounts()).toEqual([expect.stringMatching(/\/pods\/[^/]+\/volumes\/k8s~dummy\/flex$/)]);
    await stowage.ok('delete pod reader');
    await expect.poll(mounts, { timeout: 20_000 }).toEqual([]);
  });

  it('[M3] [M5] [M8] [M9] share one device mount between pods, and are called in order from attach to detach', async () => {
    await install(join(scripts, 'dummy-attachable'), 'k8s~dummy-attachable');
    await apply(...volumeAndClaim('shared', { driver: 'k8s/dummy-attachable' }));
    await apply(pod('one', claimed('shared')), pod('two', claimed('shared')));
    await running('one');
    await running('two');
    expect(await read('one')).toBe('Hello from flexvolume!\n');
    await stowage.ok(['exec', 'one', '--', 'sh', '-c', 'echo shared > /data/file']);
    expect(await read('two', '/data/file')).toBe('shared\n');
    expect(mounts().filter((path) => path.endsWith('/flexvolume/k8s/dummy-attachable/mounts/shared'))).toHaveLength(1);
    expect(mounts()).toHaveLength(3);
    await inNodeStatus(
      '.status.volumesAttached',
      (out) => out === '[{"devicePath":"disk-of-node-0","name":"k8s/dummy-attachable/shared"}]',
    );
    await stowage.ok('delete pod one two');
    await untilDetached();
    await expect.poll(mounts, { timeout: 20_000 }).toEqual([]);
    const order = calls().filter((call) => !['init', 'isattached node-0'].includes(call));
    expect(order.filter((call) => call === 'getvolumename')).toHaveLength(1);
    expect(order.filter((call) => call !== 'getvolumename')).toEqual([
      'attach node-0',
      'waitforattach disk-of-node-0',
      'mountdevice disk-of-node-0',
      'mount 3',
      'unmount',
      'unmountdevice',
      'detach shared node-0',
    ]);
    const events = await stowage.ok('get events -o custom-columns=M:.message');
    expect(events).toContain('AttachVolume.Attach succeeded for volume "shared"');
  });

  it('[M8] [M9] [rel-E4] keep what they mounted while up is killed and started again, and then let go of it', async () => {
    await install(join(scripts, 'dummy-attachable'), 'k8s~dummy-attachable');
    await apply(...volumeAndClaim('kept', { driver: 'k8s/dummy-attachable' }), pod('holder', claimed('kept')));
    await running('holder');
    await stowage.ok(['exec', 'holder', '--', 'sh', '-c', 'echo kept > /data/file']);
    const before = mounts();
    expect(before).toHaveLength(2);
    await stowage.stop('SIGKILL');
    expect(mounts()).toEqual(before);
    stowage = await start();
    await running('holder');
    expect(await read('holder', '/data/file')).toBe('kept\n');
    expect(mounts()).toEqual(before);
    expect(calls().filter((call) => call.startsWith('mountdevice'))).toHaveLength(1);
    await stowage.ok('delete pod holder');
    await untilDetached();
    await expect.poll(mounts, { timeout: 20_000 }).toEqual([]);
    expect(calls().at(-1)).toBe('detach kept node-0');
  });

  it('[E1] [M5] grow a volume where it is stored, and its file system on the node', async () => {
    await install(imageDriver, 'stowage.io~image');
    const image = join(plugins, 'disk.img');
    const flexVolume = { driver: 'stowage.io/image', fsType: 'xfs', options: { path: image, size: '384M' } };
    await apply(...volumeAndClaim('disk', flexVolume, '384Mi'), pod('user', claimed('disk')));
    await running('user');
    await stowage.ok(['exec', 'user', '--', 'sh', '-c', 'echo safe > /data/file; sync']);
    const blocks = async () => Number(await stowage.ok(['exec', 'user', '--', 'stat', '-f', '-c', '%b', '/data']));
    const before = await blocks();
    const request = { spec: { resources: { requests: { storage: '512Mi' } } } };
    await stowage.ok(['patch', 'pvc', 'disk', '-p', JSON.stringify(request)]);
    await stowage.until(['get', 'pvc', 'disk', '-o', 'jsonpath={.status.capacity.storage}'], (out) => out === '512Mi');
    expect(await blocks()).toBeGreaterThan(before * 1.2);
    expect(await read('user', '/data/file')).toBe('safe\n');
    await stowage.ok('delete pod user');
    await untilDetached();
    const { stdout } = await run('losetup', ['-n', '-O', 'NAME', '-j', image]);
    expect(stdout).toBe('');
    expect(existsSync(image)).toBe(true);
    await expect.poll(mounts, { timeout: 20_000 }).toEqual([]);
  });

  it('[rel-X41] [rel-R9] that hang hold up no other pod, and end with up', async () => {
    await install(join(scripts, 'hanging'), 'k8s~hanging');
    await apply(pod('stuck', { flexVolume: { driver: 'k8s/hanging' } }));
    const pidFile = join(plugins, 'exec', 'k8s~hanging', '.pids');
    await expect.poll(() => existsSync(pidFile), { timeout: 20_000 }).toBe(true);
    await apply(pod('free', { emptyDir: {} }));
    await running('free');
    const pids = readFileSync(pidFile, 'utf8').trim().split(' ');
    // Who has died and was not waited for is still listed, as Z.
    const isAlive = (pid: string) =>
      existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const alive = () => pids.filter(isAlive);
    expect(alive()).toHaveLength(2);
    expect(await stowage.stop()).toBe(0);
    await expect.poll(alive, { timeout: 5_000 }).toEqual([]);
    expect(mounts()).toEqual([]);
  });

  it('[M9] [D6] move between nodes with what is on them', async () => {
    await stowage.stop();
    stowage = await start('--nodes', '2');
    await install(imageDriver, 'stowage.io~image');
    const options = { path: join(plugins, 'disk.img'), size: '64M' };
    await apply(...volumeAndClaim('disk', { driver: 'stowage.io/image', options }));
    const on = (node: string) => ({ ...claimed('disk'), node });
    const place = async (name: string, { node, ...source }: ReturnType<typeof on>) => {
      const placed = pod(name, source) as { spec: object };
      await apply({ ...placed, spec: { ...placed.spec, nodeName: node } });
      await running(name);
    };
    await place('first', on('node-0'));
    await stowage.ok(['exec', 'first', '--', 'sh', '-c', 'echo moved > /data/file; sync']);
    const second = place('second', on('node-1'));
    await stowage.until('get events -o custom-columns=M:.message', (out) =>
      out.includes('Multi-Attach error for volume "disk" Volume is already used by pod(s) first'),
    );
    await stowage.ok('delete pod first');
    await second;
    expect(await read('second', '/data/file')).toBe('moved\n');
    await stowage.ok('delete pod second');
    await expect.poll(mounts, { timeout: 20_000 }).toEqual([]);
    const devices = async () => (await run('losetup', ['-n', '-O', 'NAME', '-j', options.path])).stdout;
    await expect.poll(devices, { timeout: 20_000 }).toBe('');
  });
});
