import { describe, expect, it } from 'vitest';
import { awsEbsTopologyKey, awsEbsTranslator, awsRegionOfZones, ebsVolumeId } from './aws-ebs.ts';
import { topologySelector } from './class-topology.ts';
import { nodeAffinity, selectorTerm, testClass, testVolume } from './testing.ts';
import { MigrationError } from './translator.ts';

const plainId = 'vol-02399794d890f9375';
const localId = 'aws:///vol-02399794d890f9375';
const zonedId = 'aws://us-west-2a/vol-02399794d890f9375';
const brokenId = 'aws://us-west-2a/02399794d890f9375';

describe('ebsVolumeId', () => {
  it.each([plainId, localId, zonedId])('[Q1] finds the disk in %s', (id) => {
    expect(ebsVolumeId(id)).toBe(plainId);
  });

  it('[Q1] refuses an id that holds no disk', () => {
    expect(() => ebsVolumeId(brokenId)).toThrow(`Invalid format for AWS volume (${brokenId})`);
  });
});

describe('awsEbsTranslator.translateClass', () => {
  it.each([
    ['keeps unknown parameters', { foo: 'bar' }, { foo: 'bar' }],
    ['keeps no parameters', {}, {}],
    ['renames the file system', { fstype: 'ext3' }, { 'csi.storage.k8s.io/fstype': 'ext3' }],
    ['lets IOPS rise', { iopsPerGB: '100' }, { iopsPerGB: '100', allowautoiopspergbincrease: 'true' }],
  ])('[Q1] %s', (_, parameters, expected) => {
    expect(awsEbsTranslator.translateClass(testClass(parameters))).toEqual(testClass(expected));
  });

  it.each([
    ['zone', 'us-west-2a', ['us-west-2a']],
    ['zones', 'us-west-2a,us-west-2b', ['us-west-2a', 'us-west-2b']],
    ['Zones', 'us-west-2a,us-west-2b', ['us-west-2a', 'us-west-2b']],
  ])('[Q1] makes allowed topologies of the parameter %s', (name, value, zones) => {
    const expected = testClass({}, topologySelector(awsEbsTopologyKey, zones));
    expect(awsEbsTranslator.translateClass(testClass({ [name]: value }))).toEqual(expected);
  });

  it('[Q1] refuses zones beside allowed topologies', () => {
    const storageClass = testClass({ zone: 'a' }, topologySelector(awsEbsTopologyKey, ['a']));
    expect(() => awsEbsTranslator.translateClass(storageClass)).toThrow(
      new MigrationError('cannot simultaneously set allowed topologies and zone/zones parameters'),
    );
  });
});

describe('awsEbsTranslator.translateInline', () => {
  it.each([plainId, localId, zonedId])('[Q1] names the volume of %s by its disk', (volumeID) => {
    const { metadata, spec } = awsEbsTranslator.translateInline(
      { name: 'data', awsElasticBlockStore: { volumeID } },
      '',
    );
    expect(metadata.name).toBe(`ebs.csi.aws.com-${plainId}`);
    expect(spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'ebs.csi.aws.com', volumeHandle: plainId, volumeAttributes: { partition: '0' } },
      volumeMode: 'Filesystem',
    });
  });

  it('[Q1] refuses an id that holds no disk, and another type', () => {
    const broken = { name: 'data', awsElasticBlockStore: { volumeID: brokenId } };
    expect(() => awsEbsTranslator.translateInline(broken, '')).toThrow('failed to translate Kubernetes ID');
    expect(() => awsEbsTranslator.translateInline({ name: 'data' }, '')).toThrow(
      'volume is nil or AWS EBS not defined on volume',
    );
  });
});

describe('awsEbsTranslator', () => {
  const csi = {
    driver: 'ebs.csi.aws.com',
    volumeHandle: plainId,
    fsType: 'ext4',
    readOnly: true,
    volumeAttributes: { partition: '1' },
  };
  const source = { volumeID: plainId, fsType: 'ext4', readOnly: true, partition: 1 };

  it('[Q1] translates a volume with its zone there and back', () => {
    const labels = { 'topology.kubernetes.io/zone': 'us-west-2a' };
    const inTree = testVolume({ awsElasticBlockStore: { ...source, volumeID: zonedId } }, { labels });
    const translated = awsEbsTranslator.translateToCsi(inTree);
    const affinity = nodeAffinity(selectorTerm([awsEbsTopologyKey, 'us-west-2a']));
    expect(translated).toEqual(testVolume({ csi, ...affinity }, { labels }));

    const region = { 'topology.kubernetes.io/region': 'us-west-2' };
    const term = selectorTerm(
      ['topology.kubernetes.io/zone', 'us-west-2a'],
      ['topology.kubernetes.io/region', 'us-west-2'],
    );
    expect(awsEbsTranslator.translateToInTree(translated)).toEqual(
      testVolume({ awsElasticBlockStore: source, ...nodeAffinity(term) }, { labels: { ...labels, ...region } }),
    );
  });

  it('[Q1] refuses a partition that is no number', () => {
    const volume = testVolume({ csi: { ...csi, volumeAttributes: { partition: 'one' } } });
    expect(() => awsEbsTranslator.translateToInTree(volume)).toThrow('failed to convert partition one to integer');
  });

  it('[Q1] refuses volumes of other types', () => {
    expect(() => awsEbsTranslator.translateToCsi(testVolume({}))).toThrow('pv is nil or AWS EBS not defined on pv');
    expect(() => awsEbsTranslator.translateToInTree(testVolume({}))).toThrow(
      'pv is nil or CSI source not defined on pv',
    );
  });
});

describe('awsRegionOfZones', () => {
  it.each([
    ['commercial zones', ['us-west-2a', 'us-west-2b'], 'us-west-2'],
    ['a zone of the government', ['us-gov-east-1a'], 'us-gov-east-1'],
    ['a wavelength zone', ['us-east-1-wl1-bos-wlz-1'], 'us-east-1'],
    ['a local zone', ['us-west-2-lax-1a'], 'us-west-2'],
  ])('[Q1] knows the region of %s', (_, zones, region) => {
    expect(awsRegionOfZones(zones)).toBe(region);
  });

  it.each([
    ['no zones', [], 'no zones specified'],
    ['several regions', ['us-west-2a', 'us-east-1a'], 'multiple or no regions gotten from zones'],
    ['a region', ['us-west-2'], 'us-west-2 is not a valid AWS zone'],
    ['a strange end', ['us-west-2ab'], 'us-west-2ab is not a valid AWS zone'],
    ['too few parts', ['us-west'], 'us-west is not a valid AWS zone'],
  ])('[Q1] refuses %s', (_, zones, message) => {
    expect(() => awsRegionOfZones(zones)).toThrow(message);
  });
});
