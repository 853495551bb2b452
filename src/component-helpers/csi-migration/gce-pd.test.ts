import { describe, expect, it } from 'vitest';
import { labelBetaZone, labelZone } from '../../api/index.ts';
import { topologySelector } from './class-topology.ts';
import { compatibleAccessModes, gcePdTopologyKey, gcePdTranslator } from './gce-pd.ts';
import { nodeAffinity, selectorTerm, testClass, testVolume } from './testing.ts';

describe('gcePdTranslator.translateClass', () => {
  const selector = (...values: string[]) => topologySelector(gcePdTopologyKey, values);

  it.each([
    ['keeps unknown parameters', testClass({ foo: 'bar' }), testClass({ foo: 'bar' })],
    ['renames the file system', testClass({ fstype: 'myfs' }), testClass({ 'csi.storage.k8s.io/fstype': 'myfs' })],
    ['keeps no parameters', testClass({}), testClass({})],
    ['makes a topology of a zone', testClass({ zone: 'foo' }), testClass({}, selector('foo'))],
    ['makes a topology of zones', testClass({ zones: 'a,b,c' }), testClass({}, selector('a', 'b', 'c'))],
    ['keeps a topology of the driver', testClass({}, selector('foo')), testClass({}, selector('foo'))],
    ['translates a topology', testClass({}, topologySelector(labelBetaZone, ['foo'])), testClass({}, selector('foo'))],
  ])('[Q1] %s', (_, storageClass, expected) => {
    expect(gcePdTranslator.translateClass(storageClass)).toEqual(expected);
  });

  it('[Q1] refuses a zone beside a topology', () => {
    expect(() => gcePdTranslator.translateClass(testClass({ zone: 'foo' }, selector('foo')))).toThrow(
      'cannot simultaneously set allowed topologies and zone/zones parameters',
    );
  });
});

describe('gcePdTranslator.repairVolumeHandle', () => {
  const node = 'projects/bing/zones/us-central1-c/instances/boom';

  it.each([
    ['a complete zonal handle', 'projects/foo/zones/bar/disks/baz', 'projects/foo/zones/bar/disks/baz'],
    [
      'a complete regional handle',
      'projects/foo/regions/us-central1/disks/baz',
      'projects/foo/regions/us-central1/disks/baz',
    ],
    ['no project', 'projects/UNSPECIFIED/zones/bar/disks/baz', 'projects/bing/zones/bar/disks/baz'],
    [
      'no project or zone',
      'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/baz',
      'projects/bing/zones/us-central1-c/disks/baz',
    ],
    [
      'no project or region',
      'projects/UNSPECIFIED/regions/UNSPECIFIED/disks/baz',
      'projects/bing/regions/us-central1/disks/baz',
    ],
    [
      'no project but a region',
      'projects/UNSPECIFIED/regions/us-west1/disks/baz',
      'projects/bing/regions/us-west1/disks/baz',
    ],
  ])('[Q1] completes %s', (_, handle, expected) => {
    expect(gcePdTranslator.repairVolumeHandle?.(handle, node)).toBe(expected);
  });

  it.each([
    ['foo', node, 'volume handle has wrong number of elements; got 1, wanted 6 or more'],
    [
      'projects/UNSPECIFIED/regions/us-west1/disks/baz',
      'foo',
      'node handle has wrong number of elements; got 1, wanted 6 or more',
    ],
    [
      'projects/UNSPECIFIED/places/us-west1/disks/baz',
      node,
      'expected volume handle to have zones or regions regionality value, got: places',
    ],
  ])('[Q1] refuses the handle %s with the node %s', (handle, nodeId, message) => {
    expect(() => gcePdTranslator.repairVolumeHandle?.(handle, nodeId)).toThrow(message);
  });
});

describe('compatibleAccessModes', () => {
  it.each([
    [['ReadOnlyMany'], ['ReadOnlyMany']],
    [['ReadWriteOnce'], ['ReadWriteOnce']],
    [['ReadWriteMany'], ['ReadWriteOnce']],
    [['ReadOnlyMany', 'ReadWriteOnce'], ['ReadWriteOnce']],
    [['ReadWriteOnce', 'ReadWriteMany'], ['ReadWriteOnce']],
    [['ReadWriteMany', 'ReadOnlyMany'], ['ReadWriteOnce']],
    [['ReadWriteMany', 'ReadWriteOnce', 'ReadOnlyMany'], ['ReadWriteOnce']],
    [undefined, undefined],
  ])('[Q1] makes of %j what the driver can do', (accessModes, expected) => {
    expect(compatibleAccessModes(accessModes)).toEqual(expected);
  });
});

describe('gcePdTranslator', () => {
  it('[Q1] reads the disk of a pod on many nodes when it is read-only', () => {
    const volume = { name: 'data', gcePersistentDisk: { pdName: 'foo', readOnly: true, fsType: 'ext4', partition: 2 } };
    const { metadata, spec } = gcePdTranslator.translateInline(volume, '');
    expect(metadata.name).toBe('pd.csi.storage.gke.io-foo');
    expect(spec).toEqual({
      accessModes: ['ReadOnlyMany'],
      csi: {
        driver: 'pd.csi.storage.gke.io',
        volumeHandle: 'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/foo',
        fsType: 'ext4',
        readOnly: true,
        volumeAttributes: { partition: '2' },
      },
      volumeMode: 'Filesystem',
    });
    expect(() => gcePdTranslator.translateInline({ name: 'data' }, '')).toThrow('GCE PD not defined on volume');
  });

  it.each([
    [labelBetaZone, 'us-east1-a', 'projects/UNSPECIFIED/zones/us-east1-a/disks/pd-name'],
    [labelZone, 'us-east1-a', 'projects/UNSPECIFIED/zones/us-east1-a/disks/pd-name'],
    [labelBetaZone, 'us-central1-a__us-central1-c', 'projects/UNSPECIFIED/regions/us-central1/disks/pd-name'],
    [labelZone, 'us-central1-a__us-central1-c', 'projects/UNSPECIFIED/regions/us-central1/disks/pd-name'],
    ['another', 'label', 'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/pd-name'],
  ])('[Q1] makes a handle of the label %s=%s', (key, value, handle) => {
    const volume = testVolume({ gcePersistentDisk: { pdName: 'pd-name' } }, { labels: { [key]: value } });
    expect(gcePdTranslator.translateToCsi(volume).spec.csi?.volumeHandle).toBe(handle);
  });

  it('[Q1] refuses zones of several regions', () => {
    const labels = { [labelZone]: 'us-east1-a__us-west1-a' };
    const volume = testVolume({ gcePersistentDisk: { pdName: 'pd-name' } }, { labels });
    expect(() => gcePdTranslator.translateToCsi(volume)).toThrow(
      'failed to get region from zones: multiple or no regions gotten from zones, got: us-east1 us-west1',
    );
  });

  it('[Q1] translates a volume that the driver made', () => {
    const csi = {
      driver: 'pd.csi.storage.gke.io',
      volumeHandle: 'projects/mine/zones/us-east1-a/disks/pvc-1',
      fsType: 'xfs',
      volumeAttributes: { 'storage.kubernetes.io/csiProvisionerIdentity': '1' },
    };
    const affinity = nodeAffinity(selectorTerm([gcePdTopologyKey, 'us-east1-a']));
    const term = selectorTerm([labelZone, 'us-east1-a'], ['topology.kubernetes.io/region', 'us-east1']);
    expect(gcePdTranslator.translateToInTree(testVolume({ csi, ...affinity }))).toEqual(
      testVolume(
        { gcePersistentDisk: { pdName: 'pvc-1', fsType: 'xfs' }, ...nodeAffinity(term) },
        { labels: { [labelZone]: 'us-east1-a', 'topology.kubernetes.io/region': 'us-east1' } },
      ),
    );
  });

  it.each([
    [{ volumeHandle: 'pvc-1' }, 'failed to get id components.Got: 1, wanted 6 components or more. '],
    [
      { volumeHandle: 'projects/p/zones/z/disks/d', volumeAttributes: { partition: 'x' } },
      'failed to convert partition x to integer',
    ],
  ])('[Q1] refuses %j', (source, message) => {
    const volume = testVolume({ csi: { driver: 'pd.csi.storage.gke.io', ...source } });
    expect(() => gcePdTranslator.translateToInTree(volume)).toThrow(message);
  });
});
