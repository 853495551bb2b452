import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMaps,
  coreEvents,
  type Draft,
  namespaces,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  pods,
  priorityClasses,
  type ResourceQuota,
  resourceQuotas,
  secrets,
  services,
  storageClasses,
} from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { claim, configMap, pod, storageClass } from '../test-objects.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start({ mountServiceAccountTokens: false });
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

type Amounts = Readonly<Record<string, string>>;
const key = (name: string) => ({ namespace: 'default', name });

/** A quota as the controller leaves it when it has counted. */
async function quota(name: string, hard: Amounts, used?: Amounts, spec: Partial<ResourceQuota['spec']> = {}) {
  const zero = Object.fromEntries(Object.keys(hard).map((resource) => [resource, '0']));
  const made = await harness.create(resourceQuotas, { metadata: key(name), spec: { hard, ...spec } });
  const status = { hard, used: { ...zero, ...used } };
  return await harness.update(resourceQuotas, { ...made, status }, { subresource: 'status' });
}
const usedOf = async (name: string) => (await harness.get(resourceQuotas, key(name))).status?.used;
const ofSize = (name: string, storage: string, spec: Partial<PersistentVolumeClaim['spec']> = {}) =>
  claim(name, { resources: { requests: { storage } }, ...spec });
const add = (draft: Draft<PersistentVolumeClaim>) => harness.create(persistentVolumeClaims, draft);
const addPod = (draft: Draft<Pod>) => harness.create(pods, draft);
const withResources = (name: string, resources: object, spec: Partial<Pod['spec']> = {}) =>
  pod(name, { containers: [{ name: 'c', image: 'b', resources }], ...spec });

describe('a quota of storage', () => {
  it('[A19] is charged for every claim, and refuses the one that exceeds it', async () => {
    await quota('q', { 'requests.storage': '10Gi', persistentvolumeclaims: '5' }, { 'requests.storage': '7Gi' });
    await add(ofSize('a', '2Gi'));
    expect(await usedOf('q')).toEqual({ 'requests.storage': '9Gi', persistentvolumeclaims: '1' });
    const refused = await refusalOf(add(ofSize('b', '2Gi')));
    expect(refused.reason).toBe('Forbidden');
    expect(refused.message).toBe(
      'persistentvolumeclaims "b" is forbidden: exceeded quota: q, requested: requests.storage=2Gi, used: requests.storage=9Gi, limited: requests.storage=10Gi',
    );
    expect(await usedOf('q')).toEqual({ 'requests.storage': '9Gi', persistentvolumeclaims: '1' });
    await add(ofSize('c', '1Gi'));
    expect(await usedOf('q')).toEqual({ 'requests.storage': '10Gi', persistentvolumeclaims: '2' });
  });

  it('[A19] names every limit that is exceeded, in the order of names', async () => {
    await quota('q', { persistentvolumeclaims: '0', 'requests.storage': '1Gi', 'count/persistentvolumeclaims': '3' });
    expect((await refusalOf(add(ofSize('a', '1536Mi')))).message).toBe(
      'persistentvolumeclaims "a" is forbidden: exceeded quota: q, requested: persistentvolumeclaims=1,requests.storage=1536Mi, used: persistentvolumeclaims=0,requests.storage=0, limited: persistentvolumeclaims=0,requests.storage=1Gi',
    );
  });

  it('[A19] may be of one class', async () => {
    const gold = 'gold.storageclass.storage.k8s.io/';
    await quota('q', { [`${gold}requests.storage`]: '2Gi', [`${gold}persistentvolumeclaims`]: '1' });
    await add(ofSize('a', '5Gi', { storageClassName: 'bronze' }));
    await add(ofSize('b', '2Gi', { storageClassName: 'gold' }));
    expect(await usedOf('q')).toEqual({ [`${gold}requests.storage`]: '2Gi', [`${gold}persistentvolumeclaims`]: '1' });
    expect((await refusalOf(add(ofSize('c', '1Gi', { storageClassName: 'gold' })))).message).toContain(
      `exceeded quota: q, requested: ${gold}persistentvolumeclaims=1,${gold}requests.storage=1Gi, used:`,
    );
  });

  it('[A19] [rel-F3] is charged for growth, and refuses too much of it', async () => {
    await harness.create(storageClasses, storageClass('fast', { allowVolumeExpansion: true }));
    await quota('q', { 'requests.storage': '4Gi' });
    const made = await add(ofSize('a', '1Gi', { storageClassName: 'fast' }));
    await harness.update(
      persistentVolumeClaims,
      { ...made, status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
      { subresource: 'status' },
    );
    const grow = (storage: string) =>
      harness.patch(persistentVolumeClaims, key('a'), {
        type: 'merge',
        body: { spec: { resources: { requests: { storage } } } },
      });
    await grow('3Gi');
    expect(await usedOf('q')).toEqual({ 'requests.storage': '3Gi' });
    expect((await refusalOf(grow('5Gi'))).message).toBe(
      'persistentvolumeclaims "a" is forbidden: exceeded quota: q, requested: requests.storage=2Gi, used: requests.storage=3Gi, limited: requests.storage=4Gi',
    );
  });

  it('[rel-F3] is charged for the larger of what is asked and what is allocated, without refusing the status', async () => {
    await quota('q', { 'requests.storage': '4Gi' });
    const made = await add(ofSize('a', '3Gi'));
    const status = { phase: 'Bound', allocatedResources: { storage: '6Gi' } };
    const written = await harness.update(persistentVolumeClaims, { ...made, status }, { subresource: 'status' });
    expect(await usedOf('q')).toEqual({ 'requests.storage': '6Gi' });
    const { allocatedResources: _, ...recovered } = status;
    await harness.update(persistentVolumeClaims, { ...written, status: recovered }, { subresource: 'status' });
    // Only the controller gives back.
    expect(await usedOf('q')).toEqual({ 'requests.storage': '6Gi' });
  });

  it('[A19] may be of claims of some attributes classes', async () => {
    const matchExpressions = [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['gold'] }];
    await quota('q', { persistentvolumeclaims: '1' }, {}, { scopeSelector: { matchExpressions } });
    await add(ofSize('a', '1Gi', { volumeAttributesClassName: 'silver' }));
    expect(await usedOf('q')).toEqual({ persistentvolumeclaims: '0' });
    await add(ofSize('b', '1Gi', { volumeAttributesClassName: 'gold' }));
    expect((await refusalOf(add(ofSize('c', '1Gi', { volumeAttributesClassName: 'gold' })))).message).toContain(
      'exceeded quota: q, requested: persistentvolumeclaims=1',
    );
  });

  it('[A19] charges a claim that comes under it by its status', async () => {
    const matchExpressions = [{ scopeName: 'VolumeAttributesClass', operator: 'Exists' }];
    await quota('q', { 'requests.storage': '1Gi' }, {}, { scopeSelector: { matchExpressions } });
    const made = await add(ofSize('a', '2Gi'));
    const status = { phase: 'Bound', currentVolumeAttributesClassName: 'gold' };
    await harness.update(persistentVolumeClaims, { ...made, status }, { subresource: 'status' });
    expect(await usedOf('q')).toEqual({ 'requests.storage': '2Gi' });
  });
});

describe('a quota', () => {
  it('[A19] is never exceeded by writes at the same moment', async () => {
    await quota('q', { 'requests.storage': '10Gi' });
    await quota('count', { 'count/persistentvolumeclaims': '7' });
    const tries = Array.from({ length: 40 }, (_, index) => add(ofSize(`c${index}`, '1Gi')));
    const outcomes = await Promise.allSettled(tries);
    const made = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(made.length).toBe(7);
    expect(await usedOf('q')).toEqual({ 'requests.storage': '7Gi' });
    expect(await usedOf('count')).toEqual({ 'count/persistentvolumeclaims': '7' });
    expect((await harness.list(persistentVolumeClaims)).items.length).toBe(7);
  });

  it('[A19] is never exceeded although somebody else writes its status meanwhile', async () => {
    await quota('q', { 'requests.storage': '10Gi' });
    const other = (index: number) =>
      harness.patch(resourceQuotas, key('q'), {
        type: 'merge',
        body: { metadata: { labels: { n: String(index) } } },
      });
    const writes = Array.from({ length: 15 }, (_, index) => [add(ofSize(`c${index}`, '1Gi')), other(index)]).flat();
    await Promise.allSettled(writes);
    expect(await usedOf('q')).toEqual({ 'requests.storage': '10Gi' });
    expect((await harness.list(persistentVolumeClaims)).items.length).toBe(10);
  });

  it('[A19] refuses while it has not been counted', async () => {
    await quota('q', { 'requests.storage': '10Gi', persistentvolumeclaims: '1' });
    const read = await harness.get(resourceQuotas, key('q'));
    const status = { hard: read.status?.hard ?? {}, used: { persistentvolumeclaims: '0' } };
    await harness.update(resourceQuotas, { ...read, status }, { subresource: 'status' });
    expect((await refusalOf(add(ofSize('a', '1Gi')))).message).toBe(
      'persistentvolumeclaims "a" is forbidden: status unknown for quota: q, resources: persistentvolumeclaims,requests.storage',
    );
    await harness.create(configMaps, configMap('m'));
  });

  it('[A19] is charged for nothing that is not written: a dry run, a name that is taken', async () => {
    await quota('q', { persistentvolumeclaims: '2' });
    await harness.create(persistentVolumeClaims, ofSize('a', '1Gi'), { dryRun: true });
    await add(ofSize('a', '1Gi'));
    expect((await refusalOf(add(ofSize('a', '1Gi')))).reason).toBe('AlreadyExists');
    expect(await usedOf('q')).toEqual({ persistentvolumeclaims: '1' });
    await quota('full', { persistentvolumeclaims: '0' });
    const dry = harness.create(persistentVolumeClaims, ofSize('b', '1Gi'), { dryRun: true });
    expect((await refusalOf(dry)).message).toContain('exceeded quota: full');
  });

  it('[A19] of another namespace does not matter', async () => {
    await quota('q', { persistentvolumeclaims: '0' });
    await harness.create(namespaces, { metadata: { name: 'default2' }, spec: {} });
    const draft = ofSize('a', '1Gi');
    await add({ ...draft, metadata: { namespace: 'default2', name: 'a' } });
    expect(await usedOf('q')).toEqual({ persistentvolumeclaims: '0' });
  });

  it('[A19] counts objects of any kind but events', async () => {
    await quota('q', { 'count/configmaps': '1', secrets: '1', 'count/secrets': '5', 'count/events': '0' });
    await harness.create(configMaps, configMap('a'));
    await harness.create(secrets, { metadata: key('s') });
    expect(await usedOf('q')).toEqual({
      'count/configmaps': '1',
      secrets: '1',
      'count/secrets': '1',
      'count/events': '0',
    });
    expect((await refusalOf(harness.create(configMaps, configMap('b')))).message).toBe(
      'configmaps "b" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1',
    );
    await harness.create(coreEvents, { metadata: key('e'), involvedObject: { namespace: 'default' } } as never);
  });

  it('[A19] counts the ports of services', async () => {
    await quota('q', { services: '5', 'services.nodeports': '3', 'services.loadbalancers': '1' });
    const ports = [{ port: 1, name: 'a' }, { port: 2, name: 'b' }] as never; // biome-ignore format: one line
    await harness.create(services, { metadata: key('a'), spec: { type: 'NodePort', ports } });
    await harness.create(services, { metadata: key('b'), spec: { type: 'ClusterIP', ports } });
    expect(await usedOf('q')).toEqual({ services: '2', 'services.nodeports': '2', 'services.loadbalancers': '0' });
    const balanced = harness.create(services, { metadata: key('c'), spec: { type: 'LoadBalancer', ports } });
    expect((await refusalOf(balanced)).message).toContain(
      'requested: services.nodeports=2, used: services.nodeports=2',
    );
  });
});

describe('a quota of compute resources', () => {
  it('[A19] wants every container to say what it takes', async () => {
    await quota('q', { 'limits.cpu': '2', 'requests.memory': '1Gi' });
    expect((await refusalOf(addPod(pod('p')))).message).toBe(
      'pods "p" is forbidden: failed quota: q: must specify limits.cpu for: c; requests.memory for: c',
    );
    await addPod(withResources('p', { limits: { cpu: '500m' }, requests: { memory: '300Mi' } }));
    expect(await usedOf('q')).toEqual({ 'limits.cpu': '500m', 'requests.memory': '300Mi' });
    const large = withResources('r', { limits: { cpu: '1600m' }, requests: { memory: '1Mi' } });
    expect((await refusalOf(addPod(large))).message).toBe(
      'pods "r" is forbidden: exceeded quota: q, requested: limits.cpu=1600m, used: limits.cpu=500m, limited: limits.cpu=2',
    );
  });

  it('[A19] does not want it of ephemeral storage', async () => {
    await quota('q', { 'requests.ephemeral-storage': '1Gi', 'limits.ephemeral-storage': '2Gi', pods: '2' });
    await addPod(pod('p'));
    await addPod(withResources('r', { requests: { 'ephemeral-storage': '1Gi' } }));
    expect(await usedOf('q')).toEqual({
      'requests.ephemeral-storage': '1Gi',
      'limits.ephemeral-storage': '0',
      pods: '2',
    });
  });

  it.each<[string, Partial<ResourceQuota['spec']>, string, string]>([
    ['[A19] BestEffort counts pods that ask for nothing', { scopes: ['BestEffort'] }, 'bare', 'sized'],
    ['[A19] NotBestEffort counts the others', { scopes: ['NotBestEffort'] }, 'sized', 'bare'],
    ['[A19] Terminating counts pods with a deadline', { scopes: ['Terminating'] }, 'timed', 'bare'],
    ['[A19] NotTerminating counts pods without one', { scopes: ['NotTerminating'] }, 'bare', 'timed'],
    ['[A19] two scopes count what both count', { scopes: ['BestEffort', 'Terminating'] }, 'timed', 'bare'],
    [
      '[A19] CrossNamespacePodAffinity counts pods that look elsewhere',
      { scopes: ['CrossNamespacePodAffinity'] },
      'nosy',
      'bare',
    ],
    ['[A19] PriorityClass counts pods of any class', { scopes: ['PriorityClass'] }, 'high', 'bare'],
    [
      '[A19] a selector counts pods of the classes it names',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
      'high',
      'low',
    ],
    [
      '[A19] a selector counts pods of none of the classes it names',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'NotIn', values: ['high'] }] } },
      'bare',
      'high',
    ],
    [
      '[A19] a selector counts pods without a class',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'DoesNotExist' }] } },
      'bare',
      'high',
    ],
  ])('%s', async (_title, spec, counted, ignored) => {
    for (const name of ['high', 'low']) await harness.create(priorityClasses, { metadata: { name }, value: 10 });
    const term = { topologyKey: 'zone', namespaces: ['other'] };
    const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    const drafts: Readonly<Record<string, Draft<Pod>>> = {
      bare: pod('p'),
      sized: withResources('p', { requests: { cpu: '1' } }),
      timed: pod('p', { activeDeadlineSeconds: 60 as never }),
      high: pod('p', { priorityClassName: 'high' }),
      low: pod('p', { priorityClassName: 'low' }),
      nosy: pod('p', { affinity: { podAffinity } }),
    };
    const named = (kind: string) => {
      const draft = drafts[kind] as Draft<Pod>;
      return { ...draft, metadata: { ...draft.metadata, name: kind } };
    };
    await quota('q', { pods: '1' }, {}, spec);
    await addPod(named(ignored));
    expect(await usedOf('q')).toEqual({ pods: '0' });
    await addPod(named(counted));
    expect(await usedOf('q')).toEqual({ pods: '1' });
  });
});
