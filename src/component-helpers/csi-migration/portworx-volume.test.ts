import { describe, expect, it } from 'vitest';
import { portworxVolumeTranslator } from './portworx-volume.ts';
import { testClass, testVolume } from './testing.ts';

const driver = 'pxd.portworx.com';
const source = { volumeID: 'ID1111', fsType: 'type' };
const csi = { driver, volumeHandle: 'ID1111', fsType: 'type' };
const secretCalls = [
  'provisioner',
  'controller-publish',
  'node-stage',
  'node-publish',
  'controller-expand',
  'node-expand',
];

describe('portworxVolumeTranslator', () => {
  it.each([
    ['with parameters', { repl: '1', fs: 'ext4', shared: 'true', priority_io: 'high' }],
    ['without parameters', undefined],
  ])('[Q1] names the driver in a class %s', (_, parameters) => {
    const storageClass = testClass(parameters);
    expect(portworxVolumeTranslator.translateClass(storageClass)).toEqual({ ...storageClass, provisioner: driver });
  });

  it('[Q1] hands the secret of a class to every call', () => {
    const parameters = {
      'openstorage.io/auth-secret-name': 's',
      'openstorage.io/auth-secret-namespace': 'ns',
      repl: '1',
    };
    const names = secretCalls.map((call) => [`csi.storage.k8s.io/${call}-secret-name`, 's']);
    const namespaces = secretCalls.map((call) => [`csi.storage.k8s.io/${call}-secret-namespace`, 'ns']);
    expect(portworxVolumeTranslator.translateClass(testClass(parameters)).parameters).toEqual({
      repl: '1',
      ...Object.fromEntries([...names, ...namespaces]),
    });
  });

  it.each([
    [false, 'ReadWriteOnce'],
    [true, 'ReadOnlyMany'],
  ])('[Q1] translates a volume of a pod, read-only %s', (readOnly, accessMode) => {
    const volume = { name: 'data', portworxVolume: { ...source, readOnly } };
    const { metadata, spec } = portworxVolumeTranslator.translateInline(volume, 'ns');
    expect(metadata.name).toBe('pxd.portworx.com-ID1111');
    expect(spec).toEqual({ accessModes: [accessMode], csi, volumeMode: 'Filesystem' });
  });

  it('[Q1] translates a volume there and back', () => {
    const claimRef = { name: 'test-pvc', namespace: 'default' };
    const inTree = testVolume({ accessModes: ['ReadWriteOnce'], claimRef, portworxVolume: source });
    const translated = testVolume({ accessModes: ['ReadWriteOnce'], claimRef, csi });
    expect(portworxVolumeTranslator.translateToCsi(inTree)).toEqual(translated);
    expect(portworxVolumeTranslator.translateToInTree(translated)).toEqual(inTree);
  });

  it('[Q1] hands the secret that a volume is annotated with to every call', () => {
    const annotations = { 'openstorage.io/auth-secret-name': 's', 'openstorage.io/auth-secret-namespace': 'ns' };
    const secret = { name: 's', namespace: 'ns' };
    expect(
      portworxVolumeTranslator.translateToCsi(testVolume({ portworxVolume: source }, { annotations })).spec.csi,
    ).toEqual({
      ...csi,
      controllerPublishSecretRef: secret,
      nodeStageSecretRef: secret,
      nodePublishSecretRef: secret,
      controllerExpandSecretRef: secret,
      nodeExpandSecretRef: secret,
    });
  });

  it('[Q1] refuses other types', () => {
    expect(() => portworxVolumeTranslator.translateToCsi(testVolume({}))).toThrow('PortworxVolume not defined on pv');
    expect(() => portworxVolumeTranslator.translateToInTree(testVolume({}))).toThrow('CSI source not defined on pv');
    expect(() => portworxVolumeTranslator.translateInline({ name: 'data' }, '')).toThrow('not defined on volume');
  });
});
