/** Volumes of this machine's own directories and devices, as an administrator makes them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const mib = 2 ** 20;
const className = 'local';

interface LocalVolume {
  readonly name: string;
  readonly node: string;
  readonly path: string;
  readonly size: string;
  readonly volumeMode?: 'Filesystem' | 'Block';
  readonly fsType?: string;
}

function manifests({ name, node, path, size, volumeMode = 'Filesystem', fsType }: LocalVolume): object[] {
  const accessModes = ['ReadWriteOnce'];
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
  const volume = {
    capacity: { storage: size },
    accessModes,
    volumeMode,
    storageClassName: className,
    local: { path, ...(fsType ? { fsType } : {}) },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
  const selector = { matchLabels: { volume: name } };
  const resources = { requests: { storage: size } };
  const claim = { accessModes, volumeMode, storageClassName: className, selector, resources };
  return [
    { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, labels: { volume: name } }, spec: volume },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: claim },
  ];
}

function pod(name: string, volumeMode?: 'Block'): object {
  const use =
    volumeMode === 'Block'
      ? { volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }
      : { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const spec = {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'busybox', command: ['sleep', 'infinity'], ...use }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}

describe('local volumes', () => {
  let stowage: Stowage;
  let nodes: readonly string[];
  const devices: string[] = [];
  beforeAll(async () => {
    stowage = await Stowage.start({ args: ['--nodes', '2'] });
    nodes = (await stowage.ok('get nodes -o jsonpath={.items[*].metadata.name}')).split(' ');
    await apply({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: className },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
    });
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
    for (const device of devices) execFileSync('losetup', ['--detach', device]);
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const field = (kind: string, name: string, path: string) =>
    stowage.ok(['get', kind, name, '-o', `jsonpath={${path}}`]);
  const untilField = (kind: string, name: string, path: string, wanted: string) =>
    stowage.until(['get', kind, name, '-o', `jsonpath={${path}}`], (out) => out === wanted);
  const sh = (name: string, script: string) => stowage.ok(['exec', name, '--', 'sh', '-c', script]);
  const imageFile = (name: string, sizeBytes: number) => {
    const file = join(stowage.directory, name);
    writeFileSync(file, '');
    truncateSync(file, sizeBytes);
    return file;
  };
  const loopDevice = (file: string) => {
    const device = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim();
    devices.push(device);
    return device;
  };

  it('[R2] [K8] of directories wait for a pod, and bring it to the node that has them', async () => {
    expect(nodes).toHaveLength(2);
    for (const [index, node] of nodes.entries()) {
      const name = `directory-${index}`;
      const path = join(stowage.directory, name);
      mkdirSync(path);
      writeFileSync(join(path, 'from-host'), name);
      await apply(...manifests({ name, node, path, size: '1Gi' }));
      expect(await field('pvc', name, '.status.phase')).toBe('Pending');
      await apply(pod(name));
    }
    for (const [index, node] of nodes.entries()) {
      const name = `directory-${index}`;
      await untilField('pod', name, '.status.phase', 'Running');
      expect(await field('pod', name, '.spec.nodeName')).toBe(node);
      expect(await field('pvc', name, '.spec.volumeName')).toBe(name);
      expect(await sh(name, 'cat /data/from-host && echo written > /data/from-pod')).toBe(name);
      expect(readFileSync(join(stowage.directory, name, 'from-pod'), 'utf8')).toBe('written\n');
    }
  });

  it('[R2] [K8] of block devices are given to the pod as a device', async () => {
    const file = imageFile('raw', 16 * mib);
    const [, node = ''] = nodes;
    const name = 'raw';
    const volumeMode = 'Block';
    await apply(...manifests({ name, node, path: loopDevice(file), size: '16Mi', volumeMode }), pod(name, volumeMode));
    await untilField('pod', name, '.status.phase', 'Running');
    expect(await field('pod', name, '.spec.nodeName')).toBe(node);
    expect(
      await sh(name, 'test -b /dev/data && printf stowage | dd of=/dev/data conv=fsync 2>/dev/null; echo $?'),
    ).toBe('0\n');
    expect(await sh(name, 'dd if=/dev/data bs=7 count=1 2>/dev/null')).toBe('stowage');
    expect(readFileSync(file).subarray(0, 7).toString()).toBe('stowage');
  });

  it('[W10] [rel-E6] with another file system than the volume says are not formatted, and the pod is told', async () => {
    const file = imageFile('other', 16 * mib);
    const device = loopDevice(file);
    execFileSync('mkfs.ext4', ['-q', device]);
    const content = () => execFileSync('blkid', ['-p', '-s', 'TYPE', '-s', 'UUID', device], { encoding: 'utf8' });
    const before = content();
    const [node = ''] = nodes;
    const name = 'other';
    await apply(...manifests({ name, node, path: device, size: '16Mi', fsType: 'xfs' }), pod(name));
    const reason = ['get', 'events', '--field-selector', `involvedObject.name=${name},involvedObject.kind=Pod`];
    const events = await stowage.until(reason, (out) => out.includes('FailedMountOnFilesystemMismatch'));
    expect(events).toContain(`MountVolume failed for volume "${name}"`);
    expect(before).toContain('TYPE="ext4"');
    expect(content()).toBe(before);
    await stowage.ok(['delete', 'pod', name]);
  });

  it('[E7] [W10] grow in a running pod when the administrator has grown the device and says so', async () => {
    const file = imageFile('disk', 384 * mib);
    const device = loopDevice(file);
    const [, node = ''] = nodes;
    const name = 'disk';
    await apply(...manifests({ name, node, path: device, size: '384Mi', fsType: 'xfs' }), pod(name));
    await untilField('pod', name, '.status.phase', 'Running');
    const blocks = async () => Number(await sh(name, 'stat -f -c %b /data'));
    const before = await blocks();
    const more = { requests: { storage: '512Mi' } };
    await stowage.ok(['patch', 'pvc', name, '-p', JSON.stringify({ spec: { resources: more } })]);
    truncateSync(file, 512 * mib);
    execFileSync('losetup', ['--set-capacity', device]);
    await stowage.ok(['patch', 'pv', name, '-p', JSON.stringify({ spec: { capacity: { storage: '512Mi' } } })]);
    await untilField('pvc', name, '.status.capacity.storage', '512Mi');
    expect(await field('pvc', name, '.status.conditions')).toBe('');
    expect(await blocks()).toBeGreaterThan(before);
    const message = `MountVolume.NodeExpandVolume succeeded for volume "${name}" ${node}`;
    for (const kind of ['Pod', 'PersistentVolumeClaim']) {
      const selector = `involvedObject.kind=${kind},involvedObject.name=${name},reason=FileSystemResizeSuccessful`;
      await stowage.until(
        ['get', 'events', '--field-selector', selector, '-o', 'jsonpath={.items[*].message}'],
        (out) => out === message,
      );
    }
  });
});
