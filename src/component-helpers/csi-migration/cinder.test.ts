import { describe, expect, it } from 'vitest';
import { labelBetaZone } from '../../api/index.ts';
import { cinderTopologyKey, cinderTranslator } from './cinder.ts';
import { topologySelector } from './class-topology.ts';
import { testClass, testVolume } from './testing.ts';

describe('cinderTranslator', () => {
  it.each([
    ['keeps unknown parameters', testClass({ foo: 'bar' }), testClass({ foo: 'bar' })],
    ['keeps no parameters', testClass({}), testClass({})],
    ['renames the file system', testClass({ fstype: 'ext3' }), testClass({ 'csi.storage.k8s.io/fstype': 'ext3' })],
    ['keeps the availability', testClass({ availability: 'nova' }), testClass({ availability: 'nova' })],
    [
      'translates a topology',
      testClass({}, topologySelector(labelBetaZone, ['nova'])),
      testClass({}, topologySelector(cinderTopologyKey, ['nova'])),
    ],
  ])('[Q1] %s', (_, storageClass, expected) => {
    expect(cinderTranslator.translateClass(storageClass)).toEqual(expected);
  });

  const csi = { driver: 'cinder.csi.openstack.org', volumeHandle: 'vol1', fsType: 'xfs', readOnly: true };
  const source = { volumeID: 'vol1', fsType: 'xfs', readOnly: true };

  it('[Q1] translates a volume there and back, and one of a pod', () => {
    expect(cinderTranslator.translateToCsi(testVolume({ cinder: source }))).toEqual(testVolume({ csi }));
    expect(cinderTranslator.translateToInTree(testVolume({ csi }))).toEqual(testVolume({ cinder: source }));
    const { metadata, spec } = cinderTranslator.translateInline({ name: 'data', cinder: source }, '');
    expect(metadata.name).toBe('cinder.csi.openstack.org-vol1');
    expect(spec).toEqual({ accessModes: ['ReadWriteOnce'], csi, volumeMode: 'Filesystem' });
  });

  it('[Q1] refuses other types', () => {
    expect(() => cinderTranslator.translateToCsi(testVolume({}))).toThrow('pv is nil or Cinder not defined on pv');
    expect(() => cinderTranslator.translateInline({ name: 'data' }, '')).toThrow(
      'volume is nil or Cinder not defined on volume',
    );
  });
});
