import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMaps,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  priorityClasses,
  serviceAccounts,
  storageClasses,
  volumeAttributesClasses,
} from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { claim, pod, storageClass, volume } from '../test-objects.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const key = (name: string) => ({ namespace: 'default', name });
const isDefault = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } };

describe('DefaultStorageClass', () => {
  it('[A16] gives a claim that names no class the default one', async () => {
    expect((await harness.create(persistentVolumeClaims, claim('before'))).spec).not.toHaveProperty('storageClassName');
    await harness.create(storageClasses, storageClass('plain'));
    await harness.create(
      storageClasses,
      storageClass('standard', { metadata: { name: 'standard', ...isDefault } as never }),
    );
    expect((await harness.create(persistentVolumeClaims, claim('a'))).spec?.storageClassName).toBe('standard');
    const empty = await harness.create(persistentVolumeClaims, claim('b', { storageClassName: '' }));
    expect(empty.spec?.storageClassName).toBe('');
    const named = await harness.create(persistentVolumeClaims, claim('c', { storageClassName: 'plain' }));
    expect(named.spec?.storageClassName).toBe('plain');
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'plain' };
    const beta = await harness.create(persistentVolumeClaims, {
      ...claim('d'),
      metadata: { name: 'd', namespace: 'default', annotations },
    });
    expect(beta.spec).not.toHaveProperty('storageClassName');
  });

  it('[A16] takes the newest of several defaults, and of equally old ones the first by name', async () => {
    const add = (name: string) =>
      harness.create(storageClasses, storageClass(name, { metadata: { name, ...isDefault } as never }));
    await add('z-old');
    await harness.clock.advance(1_000);
    await add('m');
    await add('b');
    expect((await harness.create(persistentVolumeClaims, claim('a'))).spec?.storageClassName).toBe('b');
  });
});

describe('StorageObjectInUseProtection', () => {
  it('[A17] adds the finalizers that keep objects while they are used', async () => {
    const made = await harness.create(persistentVolumeClaims, claim('c'));
    expect(made.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    expect((await harness.create(persistentVolumes, volume('v'))).metadata.finalizers).toEqual([
      'kubernetes.io/pv-protection',
    ]);
    const metadata = { name: 'gold' };
    const attributes = await harness.create(volumeAttributesClasses, {
      metadata,
      driverName: 'd.example.com',
      parameters: { iops: '1' },
    });
    expect(attributes.metadata.finalizers).toEqual(['kubernetes.io/vac-protection']);
    const own = ['example.com/mine', 'kubernetes.io/pvc-protection'];
    const kept = await harness.create(persistentVolumeClaims, {
      ...claim('d'),
      metadata: { name: 'd', namespace: 'default', finalizers: own },
    });
    expect(kept.metadata.finalizers).toEqual(own);
  });
});

describe('PersistentVolumeClaimResize', () => {
  async function boundClaim(name: string, storageClassName: string): Promise<PersistentVolumeClaim> {
    const made = await harness.create(persistentVolumeClaims, claim(name, { storageClassName }));
    const named = await harness.update(persistentVolumeClaims, { ...made, spec: { ...made.spec, volumeName: 'v' } });
    const status = { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
    return await harness.update(persistentVolumeClaims, { ...named, status }, { subresource: 'status' });
  }
  const grow = (name: string) =>
    harness.patch(persistentVolumeClaims, key(name), {
      type: 'merge',
      body: { spec: { resources: { requests: { storage: '2Gi' } } } },
    });

  it('[A18] lets a bound claim grow when its class allows it', async () => {
    await harness.create(storageClasses, storageClass('growing', { allowVolumeExpansion: true }));
    await boundClaim('a', 'growing');
    expect((await grow('a')).spec?.resources?.requests?.storage).toBe('2Gi');
  });

  it('[A18] refuses it otherwise, in the words of upstream', async () => {
    await harness.create(storageClasses, storageClass('fixed'));
    await boundClaim('a', 'fixed');
    const refused = await refusalOf(grow('a'));
    expect(refused.reason).toBe('Forbidden');
    expect(refused.message).toBe(
      'persistentvolumeclaims "a" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  });
});

describe('pods', () => {
  it('leave lost nodes after five minutes unless they say otherwise', async () => {
    const made = await harness.create(pods, pod('p'));
    const added = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 };
    expect(made.spec?.tolerations).toEqual([
      { key: 'node.kubernetes.io/not-ready', ...added },
      { key: 'node.kubernetes.io/unreachable', ...added },
    ]);
    const everything = await harness.create(pods, pod('q', { tolerations: [{ operator: 'Exists' }] }));
    expect(everything.spec?.tolerations).toEqual([{ operator: 'Exists' }]);
  });

  it('get the number of their priority class', async () => {
    expect((await harness.create(pods, pod('p'))).spec).toMatchObject({
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    await harness.create(priorityClasses, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' });
    const high = await harness.create(pods, pod('q', { priorityClassName: 'high' }));
    expect(high.spec).toMatchObject({ priority: 1000, preemptionPolicy: 'Never' });
    await harness.create(priorityClasses, { metadata: { name: 'usual' }, value: 10, globalDefault: true });
    expect((await harness.create(pods, pod('r'))).spec).toMatchObject({ priority: 10, priorityClassName: 'usual' });
    expect((await refusalOf(harness.create(pods, pod('s', { priorityClassName: 'none' })))).message).toBe(
      'pods "s" is forbidden: no PriorityClass with name none was found',
    );
  });

  it('[A19] do not choose their priority themselves', async () => {
    await harness.create(priorityClasses, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' });
    const message = async (spec: Partial<Pod['spec']>) =>
      (await refusalOf(harness.create(pods, pod('p', spec)))).message;
    expect(await message({ priorityClassName: 'high', priority: 5 })).toBe(
      'pods "p" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    );
    expect(await message({ priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' })).toBe(
      'pods "p" is forbidden: the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
    );
    const said = await harness.create(pods, pod('q', { priorityClassName: 'high', priority: 1000 }));
    expect(said.spec).toMatchObject({ priority: 1000, preemptionPolicy: 'Never' });
  });

  it('[A19] have one default class at most', async () => {
    await harness.create(priorityClasses, { metadata: { name: 'usual' }, value: 10, globalDefault: true });
    const second = harness.create(priorityClasses, { metadata: { name: 'other' }, value: 5, globalDefault: true });
    expect((await refusalOf(second)).message).toBe(
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    );
    const other = await harness.create(priorityClasses, { metadata: { name: 'other' }, value: 5 });
    expect((await refusalOf(harness.update(priorityClasses, { ...other, globalDefault: true }))).message).toContain(
      'PriorityClass usual is already marked as default',
    );
    const usual = await harness.get(priorityClasses, { name: 'usual' });
    await harness.update(priorityClasses, { ...usual, description: 'for all' });
  });

  it('[A19] of the system have classes of their own', async () => {
    const message = async (name: string, value: number, more: object = {}) =>
      (await refusalOf(harness.create(priorityClasses, { metadata: { name }, value, ...more }))).message;
    const prefix = (name: string) =>
      `PriorityClass.scheduling.k8s.io "${name}" is invalid: metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: `;
    expect(await message('system-mine', 5)).toBe(
      `${prefix('system-mine')}system-mine is not a known system priority class`,
    );
    expect(await message('system-node-critical', 5)).toBe(
      `${prefix('system-node-critical')}value of system-node-critical PriorityClass must be 2000001000`,
    );
    expect(await message('system-cluster-critical', 2_000_000_000, { globalDefault: true })).toBe(
      `${prefix('system-cluster-critical')}globalDefault of system-cluster-critical PriorityClass must be false`,
    );
    expect(await message('mine', 1_000_000_001)).toBe(
      'PriorityClass.scheduling.k8s.io "mine" is invalid: value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    );
    await harness.create(priorityClasses, { metadata: { name: 'system-cluster-critical' }, value: 2_000_000_000 });
    const made = await harness.create(priorityClasses, {
      metadata: { name: 'mine' },
      value: 1,
      preemptionPolicy: 'Never',
    });
    const changed = harness.update(priorityClasses, { ...made, value: 2, preemptionPolicy: 'PreemptLowerPriority' });
    expect((await refusalOf(changed)).message).toBe(
      'PriorityClass.scheduling.k8s.io "mine" is invalid: [value: Forbidden: may not be changed in an update., preemptionPolicy: Invalid value: "PreemptLowerPriority": field is immutable]',
    );
  });

  it('are left alone while the namespace has no service account', async () => {
    const made = await harness.create(pods, pod('p'));
    expect(made.spec).not.toHaveProperty('serviceAccountName');
    expect((await refusalOf(harness.create(pods, pod('q', { serviceAccountName: 'robot' })))).message).toBe(
      'pods "q" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
    );
  });

  it('are given the token of their service account where there is one to verify the server by', async () => {
    await harness.create(serviceAccounts, { metadata: key('default') });
    const bare = await harness.create(pods, pod('p'));
    expect(bare.spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
    expect(bare.spec?.volumes).toBeUndefined();
    await harness.create(configMaps, { metadata: key('kube-root-ca.crt'), data: { 'ca.crt': 'x' } });
    const made = await harness.create(pods, pod('q'));
    const [tokenVolume] = made.spec?.volumes ?? [];
    expect(tokenVolume?.name).toMatch(/^kube-api-access-/);
    expect(made.spec?.containers[0]?.volumeMounts).toEqual([
      { name: tokenVolume?.name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ]);
    const without = await harness.create(pods, pod('r', { automountServiceAccountToken: false }));
    expect(without.spec?.volumes).toBeUndefined();
  });
});
