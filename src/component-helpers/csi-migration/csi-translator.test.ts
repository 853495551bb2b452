import { describe, expect, it } from 'vitest';
import { labelBetaRegion, labelBetaZone, labelRegion, labelZone, type PersistentVolumeSpec } from '../../api/index.ts';
import { awsEbsTopologyKey } from './aws-ebs.ts';
import { cinderTopologyKey } from './cinder.ts';
import {
  asCsiVolume,
  findInlineMigration,
  findInTreePlugin,
  findMigratedDriver,
  findMigration,
  migratedPlugins,
  repairVolumeHandle,
  translateClassToCsi,
  translateInlineVolumeToCsi,
  translateVolumeToCsi,
  translateVolumeToInTree,
} from './csi-translator.ts';
import { gcePdTopologyKey } from './gce-pd.ts';
import { nodeAffinity, selectorTerm, testClass, testVolume } from './testing.ts';
import { hasTopologyKey } from './volume-topology.ts';

const names = [
  ['kubernetes.io/gce-pd', 'pd.csi.storage.gke.io'],
  ['kubernetes.io/aws-ebs', 'ebs.csi.aws.com'],
  ['kubernetes.io/cinder', 'cinder.csi.openstack.org'],
  ['kubernetes.io/azure-disk', 'disk.csi.azure.com'],
  ['kubernetes.io/azure-file', 'file.csi.azure.com'],
  ['kubernetes.io/vsphere-volume', 'csi.vsphere.vmware.com'],
  ['kubernetes.io/portworx-volume', 'pxd.portworx.com'],
] as const;

describe('names', () => {
  it.each(names)('[Q1] %s is served by %s', (plugin, driver) => {
    expect(findMigratedDriver(plugin)).toBe(driver);
    expect(findInTreePlugin(driver)).toBe(plugin);
    expect(migratedPlugins).toContain(plugin);
  });

  it('[Q1] knows no others', () => {
    expect(migratedPlugins).toHaveLength(names.length);
    expect(findMigratedDriver('kubernetes.io/rbd')).toBeUndefined();
    expect(findInTreePlugin('hostpath.csi.k8s.io')).toBeUndefined();
  });
});

const pd = { gcePersistentDisk: { pdName: 'test-disk', fsType: 'ext4' } };
const ebs = { awsElasticBlockStore: { volumeID: 'vol01', fsType: 'ext3', partition: 1, readOnly: true } };
const cinder = { cinder: { volumeID: 'vol1', fsType: 'ext4' } };

describe('translateVolumeToCsi and back', () => {
  it.each([
    ['a disk of Google', testVolume(pd)],
    ['a disk of Amazon', testVolume(ebs)],
  ])('[Q1] returns %s as it was', (_, volume) => {
    expect(translateVolumeToInTree(translateVolumeToCsi(volume))).toEqual(volume);
  });

  const beta = { [labelBetaZone]: 'us-east-1a', [labelBetaRegion]: 'us-east-1' };
  const current = { [labelZone]: 'us-east-1a', [labelRegion]: 'us-east-1' };
  const regional = 'europe-west1-b__europe-west1-c';
  const zones = (key: string, ...values: string[]) => nodeAffinity(selectorTerm([key, ...values]));

  it.each<[string, Partial<PersistentVolumeSpec>, Record<string, string>, Partial<PersistentVolumeSpec>]>([
    ['of Google with beta labels', { ...pd }, beta, zones(gcePdTopologyKey, 'us-east-1a')],
    ['of Google with labels', { ...pd }, current, zones(gcePdTopologyKey, 'us-east-1a')],
    [
      'of Google with a beta topology',
      { ...pd, ...zones(labelBetaZone, 'us-east1-a') },
      {},
      zones(gcePdTopologyKey, 'us-east1-a'),
    ],
    [
      'of Google with its topology',
      { ...pd, ...zones(gcePdTopologyKey, 'us-east1-a') },
      {},
      zones(gcePdTopologyKey, 'us-east1-a'),
    ],
    [
      'of Google with labels and topology',
      { ...pd, ...zones(labelBetaZone, 'us-east1-a') },
      beta,
      zones(gcePdTopologyKey, 'us-east1-a'),
    ],
    [
      'of Google with regional labels',
      { ...pd },
      { [labelBetaZone]: regional },
      zones(gcePdTopologyKey, 'europe-west1-b', 'europe-west1-c'),
    ],
    [
      'of Google with a regional topology',
      { ...pd, ...zones(labelZone, 'europe-west1-b', 'europe-west1-c') },
      {},
      zones(gcePdTopologyKey, 'europe-west1-b', 'europe-west1-c'),
    ],
    [
      'of Google with regional beta labels and topology',
      { ...pd, ...zones(labelBetaZone, 'europe-west1-f', 'europe-west1-g') },
      { [labelBetaZone]: regional },
      zones(gcePdTopologyKey, 'europe-west1-f', 'europe-west1-g'),
    ],
    [
      'of Google with regional labels and topology',
      { ...pd, ...zones(labelZone, 'europe-west1-f', 'europe-west1-g') },
      { [labelZone]: regional },
      zones(gcePdTopologyKey, 'europe-west1-f', 'europe-west1-g'),
    ],
    [
      'of Google with several terms',
      {
        ...pd,
        ...nodeAffinity(selectorTerm([labelZone, 'europe-west1-f']), selectorTerm([labelZone, 'europe-west1-g'])),
      },
      {},
      nodeAffinity(
        selectorTerm([gcePdTopologyKey, 'europe-west1-f']),
        selectorTerm([gcePdTopologyKey, 'europe-west1-g']),
      ),
    ],
    ['of Amazon with beta labels', { ...ebs }, beta, zones(awsEbsTopologyKey, 'us-east-1a')],
    [
      'of Amazon with beta labels and topology',
      { ...ebs, ...zones(labelBetaZone, 'us-east-2a') },
      beta,
      zones(awsEbsTopologyKey, 'us-east-2a'),
    ],
    ['of Amazon with labels', { ...ebs }, current, zones(awsEbsTopologyKey, 'us-east-1a')],
    [
      'of Amazon with labels and topology',
      { ...ebs, ...zones(labelZone, 'us-east-2a') },
      current,
      zones(awsEbsTopologyKey, 'us-east-2a'),
    ],
    ['of Cinder with beta labels', { ...cinder }, beta, zones(cinderTopologyKey, 'us-east-1a')],
    [
      'of Cinder with beta labels and topology',
      { ...cinder, ...zones(labelBetaZone, 'us-east-2a') },
      beta,
      zones(cinderTopologyKey, 'us-east-2a'),
    ],
  ])('[Q1] reaches a disk %s from the nodes of its zone', (_, spec, labels, expected) => {
    const translated = translateVolumeToCsi(testVolume(spec, { labels }));
    expect(translated.spec.nodeAffinity).toEqual(expected.nodeAffinity);

    const back = translateVolumeToInTree(translated);
    const keys = [gcePdTopologyKey, awsEbsTopologyKey, cinderTopologyKey];
    expect(keys.filter((key) => hasTopologyKey(back, key))).toEqual([]);
    expect(hasTopologyKey(back, labelZone) || hasTopologyKey(back, labelBetaZone)).toBe(true);
  });

  it('[Q1] refuses volumes that no driver took over', () => {
    const message = 'could not find in-tree plugin translation logic for "pv-1"';
    expect(() => translateVolumeToCsi(testVolume({ nfs: { path: '/', server: 's' } }, { name: 'pv-1' }))).toThrow(
      message,
    );
    expect(() => translateVolumeToInTree(testVolume(pd))).toThrow('CSI persistent volume was nil');
    expect(() => translateVolumeToInTree(testVolume({ csi: { driver: 'd', volumeHandle: 'h' } }))).toThrow(
      'could not find in-tree plugin translation logic for d',
    );
  });

  it('[Q1] leaves volumes alone that no driver took over when any will do', () => {
    const volume = testVolume({ nfs: { path: '/', server: 's' } });
    expect(asCsiVolume(volume)).toBe(volume);
    expect(asCsiVolume(testVolume(cinder)).spec.csi?.volumeHandle).toBe('vol1');
  });
});

describe('translateInlineVolumeToCsi', () => {
  const inlineVolumes = [
    (id: string) => ({ gcePersistentDisk: { pdName: id } }),
    (id: string) => ({ awsElasticBlockStore: { volumeID: id } }),
    (id: string) => ({ cinder: { volumeID: id } }),
    (id: string) => ({ azureDisk: { diskName: id, diskURI: id } }),
    (id: string) => ({ azureFile: { secretName: id, shareName: id } }),
    (id: string) => ({ vsphereVolume: { volumePath: `[vsan] ${id}.vmdk`, fsType: 'ext4' } }),
    (id: string) => ({ portworxVolume: { volumeID: id } }),
  ];

  it.each(inlineVolumes)('[Q1] names different disks differently (%#)', (source) => {
    const [one, other] = ['a', 'b'].map((id) => translateInlineVolumeToCsi({ name: 'data', ...source(id) }, 'default'));
    expect(one?.metadata.name).not.toBe(other?.metadata.name);
    expect(one?.spec.volumeMode).toBe('Filesystem');
  });

  it('[Q1] refuses volumes that no driver took over', () => {
    expect(() => translateInlineVolumeToCsi({ name: 'data', emptyDir: {} }, '')).toThrow(
      'could not find in-tree plugin translation logic for "data"',
    );
    expect(findInlineMigration({ name: 'data', emptyDir: {} })).toBeUndefined();
  });

  it.each(inlineVolumes)('[Q1] knows who serves a volume of a pod (%#)', (source) => {
    const migration = findInlineMigration({ name: 'data', ...source('a') });
    expect(names).toContainEqual([migration?.plugin, migration?.driver]);
  });
});

describe('findMigration', () => {
  it.each([
    [pd, 'pd.csi.storage.gke.io'],
    [ebs, 'ebs.csi.aws.com'],
    [cinder, 'cinder.csi.openstack.org'],
    [{ csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' } }, undefined],
    [{ hostPath: { path: '/tmp' } }, undefined],
  ])('[Q1] of %j is %s', (spec, driver) => {
    expect(findMigration(testVolume(spec))?.driver).toBe(driver);
  });
});

describe('translateClassToCsi', () => {
  it('[Q1] goes by the provisioner', () => {
    const storageClass = { ...testClass({ zone: 'a' }), provisioner: 'kubernetes.io/gce-pd' };
    expect(translateClassToCsi(storageClass).allowedTopologies?.[0]?.matchLabelExpressions?.[0]?.key).toBe(
      gcePdTopologyKey,
    );
    expect(() => translateClassToCsi(testClass({}))).toThrow(
      'could not find in-tree storage class parameter translation logic for "kubernetes.io/any"',
    );
  });
});

describe('repairVolumeHandle', () => {
  it('[Q1] leaves handles alone that are complete', () => {
    expect(repairVolumeHandle('ebs.csi.aws.com', 'vol-1', 'node-1')).toBe('vol-1');
    expect(() => repairVolumeHandle('d', 'vol-1', 'node-1')).toThrow(
      'could not find In-Tree driver name for CSI plugin d',
    );
  });
});
