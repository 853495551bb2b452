import { describe, expect, it } from 'vitest';
import { migratedSpec } from './migrated-spec.ts';
import { reconstructedVolume, specFromPersistentVolume, specFromVolume } from './volume-spec.ts';

describe('migratedSpec', () => {
  it('[Q1] makes of a PersistentVolume the volume of its driver, under its own name', () => {
    const inTree = reconstructedVolume('pv-1', {
      gcePersistentDisk: { pdName: 'disk' },
      accessModes: ['ReadWriteMany'],
    });
    const spec = migratedSpec(specFromPersistentVolume(inTree, true), 'default');
    expect(spec).toMatchObject({ kind: 'persistent', name: 'pv-1', readOnly: true });
    expect(spec.kind === 'persistent' && spec.persistentVolume.spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      csi: {
        driver: 'pd.csi.storage.gke.io',
        volumeHandle: 'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/disk',
        volumeAttributes: { partition: '' },
      },
    });
  });

  it('[Q1] names the volume of a pod after its disk, as one directory', () => {
    const azureDisk = { diskName: 'd', diskURI: '/subscriptions/1/disks/d' };
    const spec = migratedSpec(specFromVolume({ name: 'data', azureDisk }), 'default');
    expect(spec).toMatchObject({ kind: 'persistent', name: '~subscriptions~1~disks~d', readOnly: false });
  });

  it('[Q1] knows the namespace of a pod', () => {
    const azureFile = { secretName: 's', shareName: 'share' };
    const spec = migratedSpec(specFromVolume({ name: 'data', azureFile }), 'team');
    expect(spec.kind === 'persistent' && spec.persistentVolume.spec.csi?.nodeStageSecretRef?.namespace).toBe('team');
  });

  it.each([
    specFromVolume({ name: 'data', emptyDir: {} }),
    specFromPersistentVolume(reconstructedVolume('pv-1', { csi: { driver: 'd', volumeHandle: 'h' } }), false),
  ])('[Q1] leaves a volume alone that no driver took over (%#)', (spec) => {
    expect(migratedSpec(spec, 'default')).toBe(spec);
  });

  it('[Q1] says why a volume cannot be translated', () => {
    const volume = { name: 'data', awsElasticBlockStore: { volumeID: 'aws://zone/disk' } };
    expect(() => migratedSpec(specFromVolume(volume), 'default')).toThrow(
      'failed to translate in-tree pv to CSI: failed to translate Kubernetes ID to EBS Volume ID',
    );
  });
});
