import { describe, expect, it } from 'vitest';
import { controllerManagerFlags } from './flags/controller-manager-flags.ts';
import { readFlags } from './flags/flag-table.ts';
import { kubeletFlags } from './flags/other-role-flags.ts';
import { parseUpFlags, requireRoot } from './options.ts';

const root = { uid: 0, env: {} };
const user = { uid: 1000, env: { HOME: '/home/u' } };

describe('parseUpFlags', () => {
  it('keeps everything in one place per user', () => {
    expect(parseUpFlags({}, root).dataDir).toBe('/var/lib/stowage');
    expect(parseUpFlags({}, user).dataDir).toBe('/home/u/.local/state/stowage');
    expect(parseUpFlags({}, { uid: 1000, env: { XDG_STATE_HOME: '/state' } }).dataDir).toBe('/state/stowage');
  });

  it('names nodes from node-0 on', () => {
    expect(parseUpFlags({ nodes: '3' }, root).nodeNames).toEqual(['node-0', 'node-1', 'node-2']);
  });

  it('takes drivers for one node or for all', () => {
    const { externalDrivers } = parseUpFlags({ csiDriver: ['/a.sock', 'node-0=unix:///b.sock'] }, root);
    expect(externalDrivers).toEqual([
      { node: undefined, socket: '/a.sock' },
      { node: 'node-0', socket: '/b.sock' },
    ]);
  });

  it('[M1] looks for FlexVolume drivers where upstream does, or where it is told to', () => {
    const upstream = '/usr/libexec/kubernetes/kubelet-plugins/volume/exec';
    expect(parseUpFlags({}, root).volumePluginDir).toBe(upstream);
    expect(parseUpFlags({ volumePluginDir: '/drivers/' }, root).volumePluginDir).toBe('/drivers');
    const flags = [readFlags(kubeletFlags, new Map()), readFlags(controllerManagerFlags, new Map())] as const;
    expect([flags[0]['volume-plugin-dir'], flags[1]['flex-volume-plugin-dir']]).toEqual([
      `${upstream}/`,
      `${upstream}/`,
    ]);
    expect(() => parseUpFlags({ volumePluginDir: '' }, root)).toThrow('--volume-plugin-dir: is empty');
  });

  it('switches features', () => {
    const { featureGates } = parseUpFlags({ featureGates: ['StorageCapacityScoring=true', 'AllBeta=false'] }, root);
    expect(featureGates.isEnabled('StorageCapacityScoring')).toBe(true);
    expect(featureGates.isEnabled('PersistentVolumeClaimUnusedSinceTime')).toBe(false);
  });

  it('takes addresses of both kinds', () => {
    expect(parseUpFlags({ listen: '[::1]:7000' }, root)).toMatchObject({ host: '::1', port: 7000 });
    expect(parseUpFlags({ listen: ':7000' }, root)).toMatchObject({ host: '127.0.0.1', port: 7000 });
  });

  it.each([
    [{ nodes: '0' }, '--nodes: "0" is not a number from 1 to 1000'],
    [{ nodes: '1e3' }, '--nodes'],
    [{ listen: 'here' }, '--listen: "here" is not HOST:PORT'],
    [{ listen: ':99999' }, '--listen'],
    [{ runtime: 'docker' }, '--runtime: "docker" is not supported'],
    [{ csiDriver: ['node-9=/x'] }, '--csi-driver: there is no node "node-9"'],
    [{ csiDriver: [''] }, '--csi-driver'],
    [{ loggingFormat: 'xml' }, '--logging-format'],
    [{ verbosity: 'loud' }, '-v'],
    [{ featureGates: ['Mine=true'] }, '--feature-gates: unrecognized feature gate: Mine'],
    [{ dataDir: `/${'x'.repeat(100)}` }, '--data-dir: '],
    [{ dataDir: '' }, '--data-dir: is empty'],
    [{ kubeconfig: '' }, '--kubeconfig: is empty'],
    [{ rootDir: `/${'x'.repeat(100)}` }, '--root-dir: '],
  ])('[rel-X45] refuses %j', (flags, message) => {
    expect(() => parseUpFlags(flags, root)).toThrow(message);
  });
});

describe('requireRoot', () => {
  it('[rel-X45] refuses everybody else at once', () => {
    expect(() => requireRoot('up', 0)).not.toThrow();
    expect(() => requireRoot('up', 1000)).toThrow('up: needs root');
  });
});
