import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersistentVolumeSpec, Volume } from '../api/index.ts';
import { createNodePlugins } from './node-plugins.ts';
import { VolumePluginManager } from './plugin-manager.ts';
import { TestHost } from './testing/test-host.ts';
import { uniqueVolumeName } from './unique-name.ts';
import { reconstructedVolume, specFromPersistentVolume, specFromVolume } from './volume-spec.ts';

const podUid = '5a3e-pod';
const csi = { driver: 'd.csi.test', volumeHandle: 'handle' };

let host: TestHost;
let plugins: VolumePluginManager;
beforeEach(async () => {
  host = await TestHost.create('memory');
  plugins = new VolumePluginManager(createNodePlugins(host));
});
afterEach(() => host[Symbol.asyncDispose]());

function attachRequired(value: boolean): void {
  const metadata = { name: csi.driver, uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const object = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata, spec: { attachRequired: value } };
  host.drivers.set(csi.driver, object);
}

function nameOf(spec: ReturnType<typeof specFromVolume>, uid = podUid): string {
  return uniqueVolumeName(plugins.findPluginBySpec(spec), spec, uid);
}

describe('the unique name of a volume on a node', () => {
  const inline: readonly [string, Omit<Volume, 'name'>][] = [
    ['kubernetes.io/empty-dir', { emptyDir: {} }],
    ['kubernetes.io/host-path', { hostPath: { path: '/a' } }],
    ['kubernetes.io/configmap', { configMap: { name: 'c' } }],
    ['kubernetes.io/secret', { secret: { secretName: 's' } }],
    ['kubernetes.io/downward-api', { downwardAPI: {} }],
    ['kubernetes.io/projected', { projected: { sources: [] } }],
    ['kubernetes.io/nfs', { nfs: { server: 's', path: '/' } }],
    ['kubernetes.io/csi', { csi: { driver: csi.driver } }],
  ];
  it.each(inline)('[D7] of %s in a pod holds the pod and the name that the pod gives it', (plugin, source) => {
    const spec = specFromVolume({ name: 'data', ...source });
    expect(nameOf(spec)).toBe(`${plugin}/${podUid}-data`);
    expect(nameOf(spec, 'other')).toBe(`${plugin}/other-data`);
  });

  const notAttachable: readonly [string, PersistentVolumeSpec][] = [
    ['kubernetes.io/host-path', { hostPath: { path: '/a' } }],
    ['kubernetes.io/nfs', { nfs: { server: 's', path: '/' } }],
  ];
  it.each(notAttachable)('[D7] of a PersistentVolume of %s holds the pod and the volume', (plugin, source) => {
    const spec = specFromPersistentVolume(reconstructedVolume('pv-1', source), false);
    expect(nameOf(spec)).toBe(`${plugin}/${podUid}-pv-1`);
  });

  it('[D7] of a local volume is one for all pods: its device is mounted once', () => {
    const spec = specFromPersistentVolume(reconstructedVolume('pv-1', { local: { path: '/disk' } }), false);
    expect(nameOf(spec)).toBe('kubernetes.io/local-volume/pv-1');
  });

  it.each([true, false])('[D7] of a CSI volume is one for all pods (attachRequired: %s)', (required) => {
    attachRequired(required);
    const spec = specFromPersistentVolume(reconstructedVolume('pv-1', { csi }), false);
    expect(nameOf(spec)).toBe('kubernetes.io/csi/d.csi.test^handle');
  });
});
