import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podWith, secret, TestHost } from '../testing/test-host.ts';
import { reconstructedVolume, specFromPersistentVolume, specFromVolume } from '../volume-spec.ts';
import { driverOptions, podOptions, secretOptions } from './driver-options.ts';

const inline = (flexVolume: object) =>
  specFromVolume({ name: 'vol', flexVolume: { driver: 'k8s/dummy', ...flexVolume } });
const persistent = (flexVolume: object, readOnly = false) =>
  specFromPersistentVolume(reconstructedVolume('pv', { flexVolume: { driver: 'k8s/dummy', ...flexVolume } }), readOnly);

describe('what a driver is told of a volume', () => {
  const k = 'kubernetes.io/';
  it.each([
    ['of a pod', inline({}), { [`${k}fsType`]: '', [`${k}readwrite`]: 'rw', [`${k}pvOrVolumeName`]: 'vol' }],
    [
      'of a pod, read-only',
      inline({ readOnly: true, fsType: 'xfs' }),
      { [`${k}fsType`]: 'xfs', [`${k}readwrite`]: 'ro', [`${k}pvOrVolumeName`]: 'vol' },
    ],
    [
      'of a PersistentVolume, where the claim in the pod says read-only',
      persistent({ readOnly: true }),
      { [`${k}fsType`]: '', [`${k}readwrite`]: 'rw', [`${k}pvOrVolumeName`]: 'pv' },
    ],
    [
      'of a PersistentVolume that a pod reads',
      persistent({}, true),
      { [`${k}fsType`]: '', [`${k}readwrite`]: 'ro', [`${k}pvOrVolumeName`]: 'pv' },
    ],
    [
      'with options of its own',
      persistent({ options: { volumeID: 'v-1', size: '10G' } }),
      { [`${k}fsType`]: '', [`${k}readwrite`]: 'rw', [`${k}pvOrVolumeName`]: 'pv', size: '10G', volumeID: 'v-1' },
    ],
    [
      'whose options would speak in our name',
      persistent({ options: { [`${k}readwrite`]: 'rw', [`${k}fsType`]: 'evil' }, fsType: 'ext4' }, true),
      { [`${k}fsType`]: 'ext4', [`${k}readwrite`]: 'ro', [`${k}pvOrVolumeName`]: 'pv' },
    ],
  ])('[M6] [rel-S-FS15] %s', (_what, spec, options) => {
    expect(JSON.parse(driverOptions(spec))).toEqual(options);
  });

  it('[M6] comes in the order of its keys, as Go writes it', () => {
    const keys = Object.keys(JSON.parse(driverOptions(persistent({ options: { b: '', 'a/x': '', Z: '' } }))));
    expect(keys).toEqual([...keys].sort());
  });

  it.each([
    [undefined, {}],
    [0, { [`${k}mounterArgs.FsGroup`]: '0' }],
    [2000, { [`${k}mounterArgs.FsGroup`]: '2000' }],
  ])('[M6] and of the pod, with the group %s', (fsGroup, group) => {
    expect(podOptions(podWith([], { serviceAccountName: 'robot' }), fsGroup)).toEqual({
      [`${k}pod.name`]: 'p',
      [`${k}pod.namespace`]: 'default',
      [`${k}pod.uid`]: 'pod-uid',
      [`${k}serviceAccount.name`]: 'robot',
      ...group,
    });
  });
});

describe('the secret of a volume', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await TestHost.create('memory');
    const keys = { ...secret('keys', { user: 'ali', 'pass.word': 'x\ny' }), type: 'k8s/dummy' };
    host.secrets.set('default/keys', keys);
    host.secrets.set('other/keys', { ...keys, data: { user: Buffer.from('baba').toString('base64') } });
    host.secrets.set('default/opaque', { ...keys, type: 'Opaque' });
    host.secrets.set('default/driver', { ...keys, type: 'dummy' });
  });
  afterEach(async () => {
    await host[Symbol.asyncDispose]();
  });

  const ofDefault = { 'kubernetes.io/secret/user': 'YWxp', 'kubernetes.io/secret/pass.word': 'eAp5' };
  it.each([
    ['is none', inline({}), {}],
    ['of a pod is in its namespace', inline({ secretRef: { name: 'keys' } }), ofDefault],
    [
      'of a pod is in its namespace, whatever else is written',
      inline({ secretRef: { name: 'keys', namespace: 'other' } }),
      ofDefault,
    ],
    [
      'of a PersistentVolume is where it says',
      persistent({ secretRef: { name: 'keys', namespace: 'other' } }),
      { 'kubernetes.io/secret/user': 'YmFiYQ==' },
    ],
    [
      'of a PersistentVolume that names no namespace is in that of the pod',
      persistent({ secretRef: { name: 'keys' } }),
      ofDefault,
    ],
    ['without a name is none', inline({ secretRef: {} }), {}],
  ])('[M7] %s', async (_what, spec, options) => {
    expect(await secretOptions(host, spec, podWith([]))).toEqual(options);
  });

  it.each([
    ['opaque', `couldn't get secret default/opaque err: cannot get secret of type k8s/dummy`, 'final'],
    ['driver', `couldn't get secret default/driver err: cannot get secret of type k8s/dummy`, 'final'],
    ['missing', `couldn't get secret default/missing err: secrets "missing" not found`, 'transient'],
  ])('[M7] is not handed out: %s', async (name, message, kind) => {
    const reading = secretOptions(host, inline({ secretRef: { name } }), podWith([]));
    await expect(reading).rejects.toMatchObject({ message, kind });
  });
});
