import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Container,
  type LimitRangeItem,
  limitRanges,
  type Pod,
  persistentVolumeClaims,
  pods,
  storageClasses,
} from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { claim, pod, storageClass } from '../test-objects.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start({ mountServiceAccountTokens: false });
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const key = (name: string) => ({ namespace: 'default', name });
const range = (...limits: LimitRangeItem[]) =>
  harness.create(limitRanges, { metadata: key(`limits-${limits[0]?.type.toLowerCase()}`), spec: { limits } });
const ofSize = (name: string, storage: string) => claim(name, { resources: { requests: { storage } } });
const refusedClaim = async (storage: string) =>
  (await refusalOf(harness.create(persistentVolumeClaims, ofSize('a', storage)))).message;
const container = (name: string, resources: Container['resources'] = {}) => ({ name, image: 'b', resources });
const addPod = (containers: readonly Container[], spec: Partial<Pod['spec']> = {}) =>
  harness.create(pods, pod('p', { containers, ...spec }));
const refusedPod = async (containers: readonly Container[], spec: Partial<Pod['spec']> = {}) =>
  (await refusalOf(addPod(containers, spec))).message.replace('pods "p" is forbidden: ', '');

describe('the limits of claims', () => {
  it('[A19] are a smallest and a largest size', async () => {
    await range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } });
    expect(await refusedClaim('512Mi')).toBe(
      'persistentvolumeclaims "a" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi',
    );
    expect(await refusedClaim('3Gi')).toBe(
      'persistentvolumeclaims "a" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
    for (const size of ['1Gi', '1536Mi', '2Gi'])
      await harness.create(persistentVolumeClaims, ofSize(`c-${size.toLowerCase()}`, size));
  });

  it('[A19] hold for growth too, and no longer once a claim is being deleted', async () => {
    await harness.create(storageClasses, storageClass('fast', { allowVolumeExpansion: true }));
    const draft = claim('a', { storageClassName: 'fast' });
    const made = await harness.create(persistentVolumeClaims, draft);
    const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
    await harness.update(persistentVolumeClaims, { ...made, status }, { subresource: 'status' });
    await range({ type: 'PersistentVolumeClaim', max: { storage: '2Gi' } });
    const change = (body: object) => harness.patch(persistentVolumeClaims, key('a'), { type: 'merge', body });
    const grown = { spec: { resources: { requests: { storage: '3Gi' } } } };
    expect((await refusalOf(change(grown))).message).toContain(
      'maximum storage usage per PersistentVolumeClaim is 2Gi',
    );
    await harness.delete(persistentVolumeClaims, key('a'));
    await change(grown);
  });
});

describe('the limits of containers', () => {
  it('[A19] are given to those that say nothing, with a note on the pod', async () => {
    await range({ type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '500m' } });
    const made = await addPod([container('a'), container('b', { requests: { cpu: '1m' }, limits: { cpu: '2' } })], {
      initContainers: [container('i', { limits: { cpu: '1', memory: '2Gi' } })],
    });
    expect(made.spec?.containers.map(({ resources }) => resources)).toEqual([
      { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
      { requests: { cpu: '1m', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } },
    ]);
    expect(made.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; memory request for container b; memory limit for container b',
    });
    expect(made.status?.qosClass).toBe('Burstable');
  });

  it('[A19] are left alone where all is said', async () => {
    await range({ type: 'Container', default: { cpu: '1' } });
    const resources = { requests: { cpu: '1m' }, limits: { cpu: '2m' } };
    const made = await addPod([container('a', resources)]);
    expect(made.spec?.containers[0]?.resources).toEqual(resources);
    expect(made.metadata.annotations).toBeUndefined();
  });

  const cpu = (request?: string, limit?: string) =>
    container('a', {
      ...(request ? { requests: { cpu: request } } : {}),
      ...(limit ? { limits: { cpu: limit } } : {}),
    });

  it.each<[string, Omit<LimitRangeItem, 'type'>, Container, string]>([
    [
      '[A19] too small a request',
      { min: { cpu: '100m' } },
      cpu('50m', '1'),
      'minimum cpu usage per Container is 100m, but request is 50m',
    ],
    [
      '[A19] too large a limit',
      { max: { cpu: '1' } },
      cpu('1', '2'),
      'maximum cpu usage per Container is 1, but limit is 2',
    ],
    [
      '[A19] a ratio without a request',
      { maxLimitRequestRatio: { cpu: '2' } },
      container('a'),
      'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
    ],
    [
      '[A19] a ratio without a limit',
      { maxLimitRequestRatio: { cpu: '2' } },
      cpu('1'),
      'cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0',
    ],
    [
      '[A19] too large a ratio',
      { maxLimitRequestRatio: { cpu: '2' } },
      cpu('1', '3'),
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [
      '[A19] several at once, each told once',
      { min: { cpu: '100m' }, maxLimitRequestRatio: { cpu: '2' } },
      cpu('10m', '100m'),
      '[minimum cpu usage per Container is 100m, but request is 10m, cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000]',
    ],
  ])('%s: refuses the pod', async (_title, item, one, message) => {
    await range({ type: 'Container', ...item });
    expect(await refusedPod([one, { ...one, name: 'b' }])).toBe(message);
  });
});

describe('the limits of pods', () => {
  const sized = (name: string, amount: string) =>
    container(name, { requests: { memory: amount }, limits: { memory: amount } });

  it('[A19] are of what its containers add up to', async () => {
    await range({ type: 'Pod', max: { memory: '2Gi' }, min: { memory: '100Mi' } });
    expect(await refusedPod([sized('a', '1Gi'), sized('b', '1536Mi')])).toBe(
      'maximum memory usage per Pod is 2Gi, but limit is 2560Mi',
    );
    expect(await refusedPod([sized('a', '10Mi')])).toBe('minimum memory usage per Pod is 100Mi, but request is 10Mi');
    expect(await refusedPod([container('a', { requests: { memory: '1Gi' } })])).toBe(
      'maximum memory usage per Pod is 2Gi.  No limit is specified',
    );
    expect(await refusedPod([container('a')])).toBe(
      '[minimum memory usage per Pod is 100Mi.  No request is specified, maximum memory usage per Pod is 2Gi.  No limit is specified]',
    );
    await addPod([sized('a', '1Gi'), sized('b', '1Gi')]);
  });

  it('[A19] count the largest init container, with the sidecars before it', async () => {
    await range({ type: 'Pod', max: { memory: '2Gi' } });
    const initContainers = [{ ...sized('s', '1Gi'), restartPolicy: 'Always' }, sized('i', '1536Mi')];
    expect(await refusedPod([sized('a', '10Mi')], { initContainers })).toBe(
      'maximum memory usage per Pod is 2Gi, but limit is 2560Mi',
    );
  });
});
