import { describe, expect, it } from 'vitest';
import { labelBetaRegion, labelBetaZone, labelRegion, labelZone, type TopologySelectorTerm } from '../../api/index.ts';
import { nodeAffinity, selectorTerm, testClass, testVolume } from './testing.ts';
import { vsphereRegionTopologyKey, vsphereVolumeTranslator, vsphereZoneTopologyKey } from './vsphere-volume.ts';

const path = '[vsanDatastore] 6785a85e-268e-6352-a2e8-02008b7afadd/kubernetes-dynamic-pvc-68734c9f.vmdk';
const policy = 'vSAN Default Storage Policy';
const driver = 'csi.vsphere.vmware.com';

function selector(zoneKey: string, regionKey: string): readonly TopologySelectorTerm[] {
  const matchLabelExpressions = [
    { key: zoneKey, values: ['zone-a'] },
    { key: regionKey, values: ['region-a'] },
  ];
  return [{ matchLabelExpressions }];
}

describe('vsphereVolumeTranslator.translateClass', () => {
  it.each([
    ['no parameter', {}, {}],
    ['an unknown parameter', { unknownparam: 'value' }, {}],
    [
      'a policy and a datastore',
      { storagepolicyname: 'p', datastore: 'd' },
      { storagepolicyname: 'p', 'datastore-migrationparam': 'd' },
    ],
    ['a file system', { fstype: 'ext4' }, { 'csi.storage.k8s.io/fstype': 'ext4' }],
    [
      'a policy and a file system',
      { storagepolicyname: 'p', fstype: 'ext4' },
      { storagepolicyname: 'p', 'csi.storage.k8s.io/fstype': 'ext4' },
    ],
    [
      'a policy of vSAN in capitals',
      { HostFailuresToTolerate: '2', datastore: 'd', diskformat: 'thin' },
      {
        'hostfailurestotolerate-migrationparam': '2',
        'datastore-migrationparam': 'd',
        'diskformat-migrationparam': 'thin',
      },
    ],
    [
      'all parameters',
      {
        storagepolicyname: 'p',
        datastore: 'd',
        fstype: 'ext4',
        diskformat: 'thin',
        hostfailurestotolerate: '1',
        forceprovisioning: 'yes',
        cachereservation: '25',
        diskstripes: '4',
        objectspacereservation: '10',
        iopslimit: '32',
      },
      {
        storagepolicyname: 'p',
        'datastore-migrationparam': 'd',
        'csi.storage.k8s.io/fstype': 'ext4',
        'diskformat-migrationparam': 'thin',
        'hostfailurestotolerate-migrationparam': '1',
        'forceprovisioning-migrationparam': 'yes',
        'cachereservation-migrationparam': '25',
        'diskstripes-migrationparam': '4',
        'objectspacereservation-migrationparam': '10',
        'iopslimit-migrationparam': '32',
      },
    ],
  ])('[Q1] translates %s', (_, parameters, expected) => {
    const translated = vsphereVolumeTranslator.translateClass(testClass(parameters));
    expect(translated).toEqual(testClass({ ...expected, csimigration: 'true' }));
  });

  it.each([
    ['current', labelZone, labelRegion],
    ['beta', labelBetaZone, labelBetaRegion],
  ])('[Q1] translates the zone of %s labels', (_, zone, region) => {
    const translated = vsphereVolumeTranslator.translateClass(testClass({}, selector(zone, region)));
    expect(translated).toEqual(testClass({ csimigration: 'true' }, selector(vsphereZoneTopologyKey, region)));
  });
});

describe('vsphereVolumeTranslator.translateToInTree', () => {
  const csi = {
    driver,
    volumeHandle: 'e4073a6d-642e-4dff-8f4a-b4e3a47c4bbd',
    fsType: 'ext4',
    volumeAttributes: { storagepolicyname: policy, initialvolumefilepath: path },
  };
  const vsphereVolume = { volumePath: path, fsType: 'ext4' };

  it('[Q1] knows the disk by the path that the driver told', () => {
    expect(vsphereVolumeTranslator.translateToInTree(testVolume({ csi }))).toEqual(testVolume({ vsphereVolume }));
    expect(() => vsphereVolumeTranslator.translateToInTree(testVolume({}))).toThrow('CSI source not defined on pv');
  });

  it.each([
    ['current labels', {}, labelZone, labelRegion],
    ['beta labels', { [labelBetaZone]: 'zone-a' }, labelBetaZone, labelBetaRegion],
  ])('[Q1] translates the topology to %s', (_, labels, zone, region) => {
    const term = selectorTerm([vsphereZoneTopologyKey, 'zone-a'], [vsphereRegionTopologyKey, 'region-a']);
    const translated = vsphereVolumeTranslator.translateToInTree(
      testVolume({ csi, ...nodeAffinity(term) }, { labels }),
    );
    const expected = nodeAffinity(selectorTerm([zone, 'zone-a'], [region, 'region-a']));
    expect(translated.spec).toEqual({ vsphereVolume, ...expected });
    expect(translated.metadata.labels).toEqual({ [zone]: 'zone-a', [region]: 'region-a' });
  });
});

describe('vsphereVolumeTranslator.translateToCsi', () => {
  const vsphereVolume = { volumePath: path, fsType: 'ext4', storagePolicyName: policy };
  const csi = { driver, volumeHandle: path, fsType: 'ext4', volumeAttributes: { storagepolicyname: policy } };
  const expectedTerm = selectorTerm([vsphereZoneTopologyKey, 'zone-a'], [vsphereRegionTopologyKey, 'region-a']);

  it.each([
    ['without a topology', {}, {}, {}],
    ['with labels', {}, { labels: { [labelZone]: 'zone-a', [labelRegion]: 'region-a' } }, nodeAffinity(expectedTerm)],
    [
      'with beta labels',
      {},
      { labels: { [labelBetaZone]: 'zone-a', [labelBetaRegion]: 'region-a' } },
      nodeAffinity(expectedTerm),
    ],
    [
      'with an affinity',
      nodeAffinity(selectorTerm([labelZone, 'zone-a'], [labelRegion, 'region-a'])),
      { labels: { [labelZone]: 'other' } },
      nodeAffinity(expectedTerm),
    ],
  ])('[Q1] translates a volume %s', (_, spec, meta, expected) => {
    const translated = vsphereVolumeTranslator.translateToCsi(testVolume({ vsphereVolume, ...spec }, meta));
    expect(translated).toEqual(testVolume({ csi, ...expected }, meta));
  });

  it('[Q1] translates a volume of a pod, with its policy', () => {
    const { metadata, spec } = vsphereVolumeTranslator.translateInline({ name: 'inlinevolume', vsphereVolume }, '');
    expect(metadata.name).toBe(`${driver}-${path}`);
    expect(spec).toEqual({ accessModes: ['ReadWriteOnce'], csi, volumeMode: 'Filesystem' });
  });

  it('[Q1] refuses other types', () => {
    expect(() => vsphereVolumeTranslator.translateToCsi(testVolume({}))).toThrow('VsphereVolume not defined on pv');
    expect(() => vsphereVolumeTranslator.translateInline({ name: 'data' }, '')).toThrow('not defined on volume');
  });
});
