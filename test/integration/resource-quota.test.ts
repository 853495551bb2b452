import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMaps, persistentVolumeClaims, pods, type ResourceQuota, resourceQuotas } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startResourceQuotaController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { type Kill, laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { claimDraft, podDraft } from './support/objects.ts';

const component = 'resourcequota-controller';
const settleMs = 1_000;
const resyncMs = 5 * 60 * 1000;

describe('the resource quota controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startResourceQuotaController, client);
  const key = (name: string) => ({ namespace: 'default', name });
  const addClaim = (name: string, size: string) =>
    plane.client.create(persistentVolumeClaims, claimDraft(name, '', size));
  const removeClaim = async (name: string) => {
    const body = { metadata: { finalizers: null } };
    await plane.client.patch(persistentVolumeClaims, key(name), { type: 'merge', body });
    await plane.client.delete(persistentVolumeClaims, key(name));
    await plane.clock.settle();
  };
  const addQuota = async (hard: Record<string, string>, spec: Partial<ResourceQuota['spec']> = {}) => {
    await plane.client.create(resourceQuotas, { metadata: key('q'), spec: { hard, ...spec } });
    await plane.clock.settle();
  };
  const read = () => plane.client.get(resourceQuotas, key('q'));
  const used = async () => (await read()).status?.used;

  it('[A19] counts what is there before it was limited', async () => {
    await addClaim('a', '1Gi');
    await addClaim('b', '1536Mi');
    await start();
    await addQuota({ 'requests.storage': '10Gi', persistentvolumeclaims: '5', 'count/configmaps': '9', pods: '1' });
    expect((await read()).status).toEqual({
      hard: { 'requests.storage': '10Gi', persistentvolumeclaims: '5', 'count/configmaps': '9', pods: '1' },
      used: { 'requests.storage': '2560Mi', persistentvolumeclaims: '2', 'count/configmaps': '0', pods: '0' },
    });
  });

  it('[A19] follows the limits, and forgets what is limited no longer', async () => {
    await start();
    await addClaim('a', '1Gi');
    await addQuota({ 'requests.storage': '10Gi', pods: '1' });
    const body = { spec: { hard: { 'requests.storage': '5Gi', pods: null, persistentvolumeclaims: '3' } } };
    await plane.client.patch(resourceQuotas, key('q'), { type: 'merge', body });
    await plane.clock.settle();
    expect((await read()).status).toEqual({
      hard: { 'requests.storage': '5Gi', persistentvolumeclaims: '3' },
      used: { 'requests.storage': '1Gi', persistentvolumeclaims: '1' },
    });
  });

  it('[A19] gives back at once what was deleted, when nothing was charged of late', async () => {
    await start();
    await addQuota({ 'requests.storage': '2Gi' });
    await addClaim('a', '1Gi');
    await addClaim('b', '1Gi');
    await expect(addClaim('c', '1Gi')).rejects.toThrow('exceeded quota: q');
    await plane.clock.advance(settleMs * 2);
    await removeClaim('a');
    expect(await used()).toEqual({ 'requests.storage': '1Gi' });
    await addClaim('c', '1Gi');
    expect(await used()).toEqual({ 'requests.storage': '2Gi' });
  });

  it('[A19] does not give back what was charged a moment ago for an object that it does not see yet', async () => {
    await start();
    await addQuota({ 'requests.storage': '3Gi' });
    await addClaim('a', '1Gi');
    await plane.clock.advance(settleMs * 2);
    // Charged, and not written yet: another server is about to.
    const charged = await read();
    const status = { ...charged.status, used: { 'requests.storage': '3Gi' } };
    await plane.client.updateStatus(resourceQuotas, { ...charged, status });
    await plane.clock.settle();
    await removeClaim('a');
    expect(await used()).toEqual({ 'requests.storage': '2Gi' });
    await plane.clock.advance(settleMs * 2);
    expect(await used()).toEqual({ 'requests.storage': '0' });
  });

  it('[A19] gives back what was charged for a write that failed', async () => {
    await start();
    await addQuota({ 'requests.storage': '3Gi' });
    const twice = await Promise.allSettled([addClaim('a', '1Gi'), addClaim('a', '1Gi')]);
    expect(twice.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await plane.clock.advance(settleMs * 3);
    expect(await used()).toEqual({ 'requests.storage': '1Gi' });
  });

  it('[A19] counts a pod no longer once it has ended, and `count/pods` until it is gone', async () => {
    await start();
    await addQuota({ pods: '1', 'count/pods': '2' });
    const pod = await plane.client.create(pods, podDraft('p'));
    await plane.clock.advance(settleMs * 2);
    await plane.client.updateStatus(pods, { ...pod, status: { phase: 'Succeeded' } });
    await plane.clock.settle();
    expect(await used()).toEqual({ pods: '0', 'count/pods': '1' });
    await plane.client.create(pods, podDraft('r'));
    expect(await used()).toEqual({ pods: '1', 'count/pods': '2' });
  });

  it('[A19] counts only what the scopes let it', async () => {
    await start();
    await addClaim('a', '1Gi');
    const matchExpressions = [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['gold'] }];
    await addQuota({ 'requests.storage': '5Gi' }, { scopeSelector: { matchExpressions } });
    expect(await used()).toEqual({ 'requests.storage': '0' });
    const body = { status: { currentVolumeAttributesClassName: 'gold' } };
    const patch = (change: object) =>
      plane.client.patch(persistentVolumeClaims, key('a'), { type: 'merge', body: change }, { subresource: 'status' });
    await patch(body);
    await plane.clock.settle();
    expect(await used()).toEqual({ 'requests.storage': '1Gi' });
    await plane.clock.advance(settleMs * 2);
    await patch({ status: { currentVolumeAttributesClassName: null } });
    await plane.clock.settle();
    expect(await used()).toEqual({ 'requests.storage': '0' });
  });

  it('[rel-F3] gives back the difference when an expansion was taken back', async () => {
    await start();
    const claim = await addClaim('a', '1Gi');
    await addQuota({ 'requests.storage': '5Gi' });
    const allocated = { ...claim, status: { phase: 'Pending', allocatedResources: { storage: '4Gi' } } };
    const expanding = await plane.client.updateStatus(persistentVolumeClaims, allocated);
    await plane.clock.advance(settleMs * 2);
    expect(await used()).toEqual({ 'requests.storage': '4Gi' });
    await plane.client.updateStatus(persistentVolumeClaims, { ...expanding, status: { phase: 'Pending' } });
    await plane.clock.settle();
    expect(await used()).toEqual({ 'requests.storage': '1Gi' });
  });

  it('[A19] counts from the server, not from a cache that lags', async () => {
    const lagging = laggingClient(plane.clientOf(component), 'PersistentVolumeClaim');
    await start(lagging.client);
    await addQuota({ 'requests.storage': '5Gi', 'count/configmaps': '5' });
    await plane.client.create(configMaps, { metadata: key('m') });
    lagging.hold();
    await addClaim('a', '1Gi');
    await plane.clock.advance(settleMs * 3);
    await plane.client.delete(configMaps, key('m'));
    await plane.clock.advance(settleMs * 3);
    expect(await used()).toEqual({ 'requests.storage': '1Gi', 'count/configmaps': '0' });
    lagging.release();
  });

  it('[A19] counts anew every five minutes what nobody told of', async () => {
    await start();
    await addQuota({ 'requests.storage': '5Gi', pods: '3' });
    await plane.client.create(pods, podDraft('p'));
    await plane.clock.advance(settleMs * 3);
    // A pod that is stuck in its deletion is over when its time is.
    await plane.client.delete(pods, key('p'));
    const stuck = podDraft('r');
    await plane.client.create(pods, { ...stuck, spec: { ...stuck.spec, nodeName: 'lost' } as never });
    await plane.client.delete(pods, key('r'), { gracePeriodSeconds: 30 });
    await plane.clock.advance(settleMs * 2);
    expect(await used()).toEqual({ 'requests.storage': '0', pods: '1' });
    await plane.clock.advance(resyncMs + settleMs);
    expect(await used()).toEqual({ 'requests.storage': '0', pods: '0' });
  });

  it('[rel-L12] writes nothing at rest', async () => {
    await start();
    await addClaim('a', '1Gi');
    await addQuota({ 'requests.storage': '5Gi' });
    await plane.clock.advance(settleMs * 3);
    const before = (await read()).metadata.resourceVersion;
    await plane.clock.advance(resyncMs * 3);
    expect((await read()).metadata.resourceVersion).toBe(before);
  });

  describe('[rel-L10] killed before and after every write', () => {
    async function run(kill: Kill) {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await addClaim('a', '1Gi');
      await addQuota({ 'requests.storage': '2Gi' });
      await addClaim('b', '1Gi');
      await plane.clock.advance(settleMs * 3);
      await removeClaim('a');
      await plane.clock.advance(settleMs * 3);
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      await plane.clock.advance(settleMs * 3);
      return (await read()).status;
    }
    it.each([
      { afterWrites: 0, lastWriteLands: false },
      { afterWrites: 0, lastWriteLands: true },
      { afterWrites: 1, lastWriteLands: false },
      { afterWrites: 1, lastWriteLands: true },
    ])('%o: ends as if nothing had happened', async (kill) => {
      expect(await run(kill)).toEqual({
        hard: { 'requests.storage': '2Gi' },
        used: { 'requests.storage': '1Gi' },
      });
    });
  });
});
