import { describe, expect, it } from 'vitest';
import { testClaim, testVolume } from '../common/test-objects.ts';
import { claimUpkeep, volumeUpkeep } from './volume-upkeep.ts';

const inTree = 'kubernetes.io/aws-ebs';
const driver = 'ebs.csi.aws.com';
const migrated = (name: string) => (name === inTree ? driver : undefined);
const nothingMigrated = () => undefined;
const mine = 'kubernetes.io/pv-controller';
const external = 'external-provisioner.volume.kubernetes.io/finalizer';
const provisionedBy = (name: string) => ({ 'pv.kubernetes.io/provisioned-by': name });
const migratedTo = { 'pv.kubernetes.io/migrated-to': driver };

type Annotations = Readonly<Record<string, string>> | undefined;

describe('the driver that a volume names as that of its plugin', () => {
  it.each<[string, Annotations, typeof migrated, Annotations]>([
    ['[B16] is not named without annotations', undefined, migrated, undefined],
    ['[B16] is not named on a volume that nobody provisioned', { a: 'b' }, migrated, { a: 'b' }],
    [
      '[B16] is not named on a volume of somebody else',
      provisionedBy('other.example.com'),
      migrated,
      provisionedBy('other.example.com'),
    ],
    [
      '[B16] is not named while nothing has taken over the plugin',
      provisionedBy(inTree),
      nothingMigrated,
      provisionedBy(inTree),
    ],
    [
      '[B16] is named once it has taken over the plugin',
      provisionedBy(inTree),
      migrated,
      { ...provisionedBy(inTree), ...migratedTo },
    ],
    [
      '[B16] stays named',
      { ...provisionedBy(inTree), ...migratedTo },
      migrated,
      { ...provisionedBy(inTree), ...migratedTo },
    ],
    [
      '[B16] replaces another name',
      { ...provisionedBy(inTree), 'pv.kubernetes.io/migrated-to': 'before' },
      migrated,
      { ...provisionedBy(inTree), ...migratedTo },
    ],
    [
      '[B16] is no longer named when it gave the plugin back',
      { ...provisionedBy(inTree), ...migratedTo },
      nothingMigrated,
      provisionedBy(inTree),
    ],
    ['[B16] stays as a user wrote it where nobody provisioned', migratedTo, nothingMigrated, migratedTo],
  ])('%s', (_title, annotations, migratedDriver, expected) => {
    const volume = testVolume('v', { meta: annotations ? { annotations } : {} });
    expect(volumeUpkeep(volume, migratedDriver).metadata.annotations).toEqual(expected);
  });
});

describe('the driver that a claim names as that of its provisioner', () => {
  const asked = { 'volume.kubernetes.io/storage-provisioner': inTree };
  const askedBefore = { 'volume.beta.kubernetes.io/storage-provisioner': inTree };

  it.each<[string, Annotations, typeof migrated, Annotations]>([
    ['[B16] is not named without annotations', undefined, migrated, undefined],
    ['[B16] is not named before a provisioner is asked', { a: 'b' }, migrated, { a: 'b' }],
    ['[B16] is not named while nothing has taken over the plugin', asked, nothingMigrated, asked],
    ['[B16] is named once it has taken over the plugin', asked, migrated, { ...asked, ...migratedTo }],
    ['[B16] is named by the old annotation too', askedBefore, migrated, { ...askedBefore, ...migratedTo }],
    ['[B16] is no longer named when it gave the plugin back', { ...asked, ...migratedTo }, nothingMigrated, asked],
  ])('%s', (_title, annotations, migratedDriver, expected) => {
    const claim = testClaim('c', { meta: annotations ? { annotations } : {} });
    expect(claimUpkeep(claim, migratedDriver).metadata.annotations).toEqual(expected);
  });
});

describe('the finalizers of a volume', () => {
  interface Given {
    readonly by?: string;
    readonly policy?: string;
    readonly finalizers?: readonly string[];
    readonly deleting?: boolean;
    readonly migratedDriver?: typeof migrated;
  }
  it.each<[string, Given, readonly string[]]>([
    ['[B16] gain ours under Delete', { policy: 'Delete' }, [mine]],
    ['[B16] gain ours beside others', { policy: 'Delete', finalizers: ['a/b'] }, ['a/b', mine]],
    ['[B16] keep ours under Delete', { policy: 'Delete', finalizers: [mine] }, [mine]],
    ['[B16] lose ours under Retain', { policy: 'Retain', finalizers: [mine, 'a/b'] }, ['a/b']],
    ['[B16] lose ours under Recycle', { policy: 'Recycle', finalizers: [mine] }, []],
    ['[B16] stay without ours under Retain', { policy: 'Retain' }, []],
    ['[B16] gain nothing once the deletion has begun', { policy: 'Delete', deleting: true }, []],
    ['[B16] keep ours until the storage is deleted', { policy: 'Delete', finalizers: [mine], deleting: true }, [mine]],
    ['[B16] lose that of a driver that gave the plugin back', { policy: 'Retain', finalizers: [external] }, []],
    ['[B16] have ours in place of that of the driver', { policy: 'Delete', finalizers: [external] }, [mine]],
    [
      '[B16] lose ours when a driver takes over the plugin, not its own',
      { policy: 'Delete', finalizers: [mine, external], migratedDriver: migrated },
      [external],
    ],
    [
      '[B16] of a volume of somebody else are left alone',
      { by: 'other.example.com', policy: 'Delete', finalizers: [external] },
      [external],
    ],
    [
      '[B16] of a volume that nobody provisioned are left alone',
      { by: '', policy: 'Delete', finalizers: [mine] },
      [mine],
    ],
  ])('%s', (_title, { by = inTree, policy = 'Delete', finalizers = [], deleting, migratedDriver }, expected) => {
    const annotations = by === '' ? {} : provisionedBy(by);
    const deletion = deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
    const meta = { annotations, finalizers: [...finalizers], ...deletion };
    const volume = testVolume('v', { meta, spec: { persistentVolumeReclaimPolicy: policy } });
    const kept = volumeUpkeep(volume, migratedDriver ?? nothingMigrated);
    expect(kept.metadata.finalizers).toEqual(expected);
  });

  it('[B16] cost no write when they are right', () => {
    const meta = { annotations: provisionedBy(inTree), finalizers: [mine] };
    const volume = testVolume('v', { meta, spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    expect(volumeUpkeep(volume, nothingMigrated)).toBe(volume);
  });
});
