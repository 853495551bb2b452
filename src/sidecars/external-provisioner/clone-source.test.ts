import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/index.ts';
import { checkSourceClaim, clonedVolumeId } from './clone-source.ts';

const protection = 'provisioner.storage.kubernetes.io/cloning-protection';

type Claim = PersistentVolumeClaim;
type Metadata = Partial<Claim['metadata']>;

function claimOf(name: string, spec: Claim['spec'] = {}, metadata: Metadata = {}, status: Claim['status'] = {}): Claim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: 'ns',
      uid: `uid of ${name}`,
      resourceVersion: '1',
      creationTimestamp: '',
      ...metadata,
    },
    spec: { storageClassName: 'c', resources: { requests: { storage: '1000' } }, ...spec },
    status,
  };
}

const wanted = (spec: Claim['spec'] = {}) => claimOf('clone', spec);
const source = (spec: Claim['spec'] = {}, metadata: Metadata = {}, status: Claim['status'] = { phase: 'Bound' }) =>
  claimOf('src', { volumeName: 'v', ...spec }, metadata, status);
const without = (field: keyof Claim['spec'], of: Claim): Claim => {
  const { [field]: _, ...spec } = of.spec;
  return { ...of, spec };
};
const sized = (storage: string) => ({ resources: { requests: { storage } } });
const deleted = { deletionTimestamp: 't' };

describe('the claim that another is to be filled from', () => {
  it.each<[string, Claim, Claim, boolean]>([
    ['bound and of the same size', wanted(), source(), false],
    ['smaller', wanted(sized('2000')), source(), false],
    ['of the same size in another unit', wanted(sized('1Ki')), source(sized('1024')), false],
    ['of another class of the same driver', wanted({ storageClassName: 'd' }), source(), false],
    ['of the class that is no class', wanted(), source({ storageClassName: '' }), false],
    ['being cloned already', wanted(), source({}, { finalizers: [protection] }), false],
    ['deleted, but kept for this very clone', wanted(), source({}, { ...deleted, finalizers: [protection] }), true],
  ])('[O10] [S9] [rel-C9] may be %s', (_title, claim, from, mayBeUnderWay) => {
    expect(() => checkSourceClaim(claim, from, { mayBeUnderWay })).not.toThrow();
  });

  const bound = 'the PVC DataSource src must have a status of Bound.  Got';
  const isDeleted = 'the PVC DataSource src is currently being deleted';
  const size =
    'error, new PVC request must be greater than or equal in size to the specified PVC data source, requested';
  it.each<[string, Claim, Claim, boolean, string]>([
    ['without a status', wanted(), source({}, {}, {}), false, `${bound} { [] map[] [] map[] map[] <nil> <nil>}`],
    [
      'that waits for its volume',
      wanted(),
      source({}, {}, { phase: 'Pending' }),
      false,
      `${bound} {Pending [] map[] [] map[] map[] <nil> <nil>}`,
    ],
    [
      'that has lost it',
      wanted(),
      source({}, {}, { phase: 'Lost', accessModes: ['ReadWriteOnce', 'ReadOnlyMany'], capacity: { storage: '1Gi' } }),
      false,
      `${bound} {Lost [ReadWriteOnce ReadOnlyMany] map[storage:1Gi] [] map[] map[] <nil> <nil>}`,
    ],
    ['that is being deleted', wanted(), source({}, deleted), false, isDeleted],
    ['that is deleted, although something was begun', wanted(), source({}, deleted), true, isDeleted],
    [
      'that is deleted and kept for others',
      wanted(),
      source({}, { ...deleted, finalizers: [protection] }),
      false,
      isDeleted,
    ],
    [
      'without a class',
      wanted(),
      without('storageClassName', source()),
      false,
      'the source PVC (src) storageclass cannot be empty',
    ],
    [
      'for a claim without a class',
      without('storageClassName', wanted()),
      source(),
      false,
      'the requested PVC (clone) storageclass cannot be empty',
    ],
    ['that is larger', wanted(sized('999')), source(), false, `${size} 999 but source is 1000`],
    [
      'that is larger by a byte',
      wanted(sized('1Gi')),
      source(sized('1073741825')),
      false,
      `${size} 1073741824 but source is 1073741825`,
    ],
    [
      'for a claim that asks for nothing',
      without('resources', wanted()),
      source(),
      false,
      `${size} 0 but source is 1000`,
    ],
    [
      'that names no volume',
      wanted(),
      without('volumeName', source()),
      false,
      'volume name is empty in source PVC src',
    ],
    ['whose volume has no name', wanted(), source({ volumeName: '' }), false, 'volume name is empty in source PVC src'],
  ])('[O10] is none %s', (_title, claim, from, mayBeUnderWay, message) => {
    expect(() => checkSourceClaim(claim, from, { mayBeUnderWay })).toThrow(expect.objectContaining({ message }));
  });
});

describe('the volume that a clone is filled from', () => {
  const claimRef = { namespace: 'ns', name: 'src', uid: 'uid of src' };
  function volumeOf(spec: Partial<PersistentVolume['spec']> = {}, phase = 'Bound'): PersistentVolume {
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'v', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
      spec: { csi: { driver: 'drv', volumeHandle: 'handle' }, claimRef, ...spec },
      status: { phase },
    };
  }
  const lacking = (field: keyof PersistentVolume['spec']) => {
    const { [field]: _, ...spec } = volumeOf().spec;
    return { ...volumeOf(), spec };
  };
  const modes = ['Filesystem', 'Block'] as const;
  const invalid = 'claim in dataSource not bound or invalid';

  it.each<[string, Claim, PersistentVolume]>([
    ['of no mode, for a claim of no mode', wanted(), volumeOf()],
    ['of no mode, for a file system', wanted({ volumeMode: 'Filesystem' }), volumeOf()],
    ['of a file system, for a claim of no mode', wanted(), volumeOf({ volumeMode: 'Filesystem' })],
    ['of a file system, for another', wanted({ volumeMode: 'Filesystem' }), volumeOf({ volumeMode: 'Filesystem' })],
    ['of a block device, for another', wanted({ volumeMode: 'Block' }), volumeOf({ volumeMode: 'Block' })],
    ['that will be kept', wanted(), volumeOf({ persistentVolumeReclaimPolicy: 'Retain' })],
  ])('[O10] [S9] is named by its handle: one %s', (_title, claim, volume) => {
    expect(clonedVolumeId(claim, source(), volume, 'drv')).toBe('handle');
  });

  it.each<[string, PersistentVolume | undefined]>([
    ['that does not exist', undefined],
    ['of another type', lacking('csi')],
    ['of another driver', volumeOf({ csi: { driver: 'other', volumeHandle: 'handle' } })],
    ['of no claim', lacking('claimRef')],
    ['of a claim of another name', volumeOf({ claimRef: { ...claimRef, name: 'other' } })],
    ['of a claim elsewhere', volumeOf({ claimRef: { ...claimRef, namespace: 'other' } })],
    ['of a claim that had the name before', volumeOf({ claimRef: { ...claimRef, uid: 'other' } })],
    ['that is released', volumeOf({}, 'Released')],
    ['that is free', volumeOf({}, 'Available')],
    ['that has failed', volumeOf({}, 'Failed')],
    ['that is not ready', volumeOf({}, 'Pending')],
  ])('[O10] is none %s', (_title, volume) => {
    expect(() => clonedVolumeId(wanted(), source(), volume, 'drv')).toThrow(
      expect.objectContaining({ message: invalid }),
    );
  });

  it.each(modes.map((mode, index) => [mode, modes[1 - index] ?? mode] as const))(
    '[O10] is none of mode %s for a claim of mode %s',
    (present, asked) => {
      const message = `the source PVC and destination PVCs must have the same volume mode for cloning.  Source is ${present}, but new PVC requested ${asked}`;
      const claim = wanted({ volumeMode: asked });
      expect(() => clonedVolumeId(claim, source(), volumeOf({ volumeMode: present }), 'drv')).toThrow(
        expect.objectContaining({ message }),
      );
    },
  );
});
