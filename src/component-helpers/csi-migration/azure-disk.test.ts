import { describe, expect, it } from 'vitest';
import { labelBetaZone, labelZone } from '../../api/index.ts';
import { azureDiskName, azureDiskTopologyKey, azureDiskTranslator, isManagedDisk } from './azure-disk.ts';
import { topologySelector } from './class-topology.ts';
import { testClass, testVolume } from './testing.ts';

const managedUri = 'testurl/subscriptions/12/resourceGroups/23/providers/Microsoft.Compute/disks/name';
const diskURI = '/subscriptions/12/resourceGroups/23/providers/Microsoft.Compute/disks/name';

describe('isManagedDisk', () => {
  it.each([
    [managedUri, true],
    ['test.com', true],
    ['HTTP://test.com', false],
    ['http://test.com/vhds/name', false],
  ])('[Q1] of %s is %s', (uri, expected) => {
    expect(isManagedDisk(uri)).toBe(expected);
  });
});

describe('azureDiskName', () => {
  it.each([managedUri, 'http://test.com/vhds/name'])('[Q1] finds the name in %s', (uri) => {
    expect(azureDiskName(uri)).toBe('name');
  });

  it.each([
    [
      'testurl/subscriptions/23/providers/Microsoft.Compute/disks/name',
      '.*/subscriptions/(?:.*)/resourceGroups/(?:.*)/providers/Microsoft.Compute/disks/(.+)',
    ],
    ['http://test.io/name', 'http(?:.*)://(?:.*)/vhds/(.+)'],
  ])('[Q1] refuses %s', (uri, format) => {
    expect(() => azureDiskName(uri)).toThrow(`could not get disk name from ${uri}, correct format: ${format}`);
  });
});

describe('azureDiskTranslator.translateInline', () => {
  it.each([
    ['as little', {}, {}, { kind: 'Managed' }],
    ['no caching mode', { cachingMode: '' }, {}, { kind: 'Managed' }],
    [
      'all',
      { cachingMode: 'None', fsType: 'xfs', readOnly: true, kind: 'managed' },
      { fsType: 'xfs', readOnly: true },
      { kind: 'Managed', cachingmode: 'None', fstype: 'xfs' },
    ],
  ])('[Q1] says %s', (_, fields, expected, volumeAttributes) => {
    const azureDisk = { diskName: 'diskname', diskURI: 'datadiskuri', ...fields };
    const { metadata, spec } = azureDiskTranslator.translateInline({ name: 'data', azureDisk }, '');
    expect(metadata.name).toBe('datadiskuri');
    expect(spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'disk.csi.azure.com', volumeHandle: 'datadiskuri', ...expected, volumeAttributes },
      volumeMode: 'Filesystem',
    });
  });

  it('[Q1] refuses blobs and other types', () => {
    const azureDisk = { diskName: 'diskname', diskURI: 'datadiskuri', kind: 'Dedicated' };
    expect(() => azureDiskTranslator.translateInline({ name: 'data', azureDisk }, '')).toThrow(
      'kind(Dedicated) is not supported in csi migration',
    );
    expect(() => azureDiskTranslator.translateInline({ name: 'data' }, '')).toThrow(
      'volume is nil or Azure Disk not defined on volume',
    );
  });
});

describe('azureDiskTranslator.translateToCsi', () => {
  const azureDisk = { diskName: 'name', diskURI, cachingMode: 'cachingmode', fsType: 'fstype', readOnly: true };

  it('[Q1] translates a volume', () => {
    const csi = {
      driver: 'disk.csi.azure.com',
      volumeHandle: diskURI,
      fsType: 'fstype',
      readOnly: true,
      volumeAttributes: { cachingmode: 'cachingmode', fstype: 'fstype', kind: 'Managed' },
    };
    expect(azureDiskTranslator.translateToCsi(testVolume({ azureDisk }))).toEqual(testVolume({ csi }));
  });

  it('[Q1] refuses blobs and other types', () => {
    const volume = testVolume({ azureDisk: { ...azureDisk, kind: 'Dedicated' } });
    expect(() => azureDiskTranslator.translateToCsi(volume)).toThrow('kind(Dedicated) is not supported');
    expect(() => azureDiskTranslator.translateToCsi(testVolume({}))).toThrow(
      'pv is nil or Azure Disk source not defined on pv',
    );
  });
});

describe('azureDiskTranslator.translateToInTree', () => {
  it.each([
    [{ cachingmode: 'ReadOnly', fstype: 'fstype', kind: 'managed' }, 'ReadOnly'],
    [{ cachingMode: 'None', fsType: 'fstype', kind: 'managed' }, 'None'],
    [{ cachingMode: 'ReadWrite', fsType: 'fstype', kind: 'managed' }, 'ReadWrite'],
  ])('[Q1] reads %j however it is written', (volumeAttributes, cachingMode) => {
    const csi = {
      driver: 'disk.csi.azure.com',
      volumeHandle: diskURI,
      fsType: 'ext4',
      readOnly: true,
      volumeAttributes,
    };
    expect(azureDiskTranslator.translateToInTree(testVolume({ csi })).spec).toEqual({
      azureDisk: { cachingMode, diskName: 'name', diskURI, fsType: 'fstype', kind: 'Managed', readOnly: true },
    });
  });

  it('[Q1] takes what the attributes do not say from the volume', () => {
    const csi = { driver: 'disk.csi.azure.com', volumeHandle: diskURI, volumeAttributes: { cachingMode: '' } };
    expect(azureDiskTranslator.translateToInTree(testVolume({ csi })).spec).toEqual({
      azureDisk: { diskName: 'name', diskURI, fsType: '', kind: 'Managed', readOnly: false },
    });
  });
});

describe('azureDiskTranslator.translateClass', () => {
  const selector = (...values: string[]) => topologySelector(azureDiskTopologyKey, values);

  it.each([
    ['keeps unknown parameters', testClass({ foo: 'bar' }), testClass({ foo: 'bar' })],
    ['keeps no parameters', testClass({}), testClass({})],
    ['keeps the file system, which the driver knows', testClass({ fstype: 'xfs' }), testClass({ fstype: 'xfs' })],
    ['makes a topology of a zone', testClass({ zone: 'foo' }), testClass({}, selector('foo'))],
    ['makes a topology of zones', testClass({ zones: 'a,b,c' }), testClass({}, selector('a', 'b', 'c'))],
    ['keeps a topology of the driver', testClass({}, selector('foo')), testClass({}, selector('foo'))],
    ['translates a topology', testClass({}, topologySelector(labelZone, ['foo'])), testClass({}, selector('foo'))],
    [
      'translates a beta topology',
      testClass({}, topologySelector(labelBetaZone, ['foo'])),
      testClass({}, selector('foo')),
    ],
    ['knows regions without zones', testClass({}, topologySelector(labelZone, ['0'])), testClass({}, selector(''))],
    ['knows longer failure domains', testClass({}, topologySelector(labelZone, ['1234'])), testClass({}, selector(''))],
    [
      'knows regions with zones',
      testClass({}, topologySelector(labelZone, ['centralus-1'])),
      testClass({}, selector('centralus-1')),
    ],
  ])('[Q1] %s', (_, storageClass, expected) => {
    expect(azureDiskTranslator.translateClass(storageClass)).toEqual(expected);
  });

  it('[Q1] refuses a zone beside a topology', () => {
    expect(() => azureDiskTranslator.translateClass(testClass({ zone: 'foo' }, selector('foo')))).toThrow(
      'cannot simultaneously set allowed topologies and zone/zones parameters',
    );
  });
});
