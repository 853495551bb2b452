/** Since when a claim is used by nobody. Upstream: volume/pvcprotection with PersistentVolumeClaimUnusedSinceTime. */
import { afterEach, assert, beforeEach, describe, expect, it } from 'vitest';
import {
  type PersistentVolumeClaim,
  type PersistentVolumeClaimCondition,
  persistentVolumeClaims,
  pods,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startClaimProtectionController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { type Kill, mortalClient, startOn } from './support/controllers.ts';
import { claimDraft } from './support/objects.ts';
import { refusingClient } from './support/refusing-client.ts';

const component = 'pvc-protection-controller';
const disk = { namespace: 'default', name: 'disk' };
const minuteMs = 60_000;

describe('[C5] with the gate PersistentVolumeClaimUnusedSinceTime a claim', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(persistentVolumeClaims, claimDraft('disk', ''));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client: Client = plane.clientOf(component), tellsUnused = true) =>
    startOn(plane, component, (options) => startClaimProtectionController({ ...options, tellsUnused }), client);

  async function setStatus(status: PersistentVolumeClaim['status']) {
    const claim = await plane.client.get(persistentVolumeClaims, disk);
    await plane.client.updateStatus(persistentVolumeClaims, { ...claim, status: { ...claim.status, ...status } });
    await plane.clock.settle();
  }
  const bind = () => setStatus({ phase: 'Bound' });

  async function place(name: string, phase = '') {
    const volumes = [{ name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }];
    const spec = { containers: [{ name: 'main', image: 'busybox' }], volumes };
    const pod = await plane.client.create(pods, { metadata: { namespace: 'default', name }, spec });
    if (phase) await plane.client.updateStatus(pods, { ...pod, status: { phase } });
    await plane.clock.settle();
  }

  async function end(name: string, phase: string) {
    const pod = await plane.client.get(pods, { namespace: 'default', name });
    await plane.client.updateStatus(pods, { ...pod, status: { phase } });
    await plane.clock.settle();
  }

  async function remove(name: string) {
    await plane.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
    await plane.clock.settle();
  }

  async function told(): Promise<PersistentVolumeClaimCondition | undefined> {
    await plane.clock.settle();
    const { status } = await plane.client.get(persistentVolumeClaims, disk);
    return status?.conditions?.find(({ type }) => type === 'Unused');
  }

  /** Milliseconds of the plane's time, to the second. */
  async function since(): Promise<number> {
    const condition = await told();
    assert(condition?.lastTransitionTime, 'the claim has the condition');
    return Date.parse(condition.lastTransitionTime);
  }

  it('tells who uses it and since when, through all that happens to its pods', async () => {
    await start();
    expect(await told()).toBeUndefined();
    await bind();
    expect(await told()).toMatchObject({ status: 'True', reason: 'NoPodsUsingPVC' });
    const unusedFrom = await since();

    await plane.clock.advance(minuteMs);
    await place('first');
    expect(await told()).toMatchObject({ status: 'False', reason: 'PodUsingPVC' });
    const usedFrom = await since();
    expect(usedFrom).toBeGreaterThan(unusedFrom);

    await plane.clock.advance(minuteMs);
    await place('second', 'Running');
    await end('first', 'Succeeded');
    expect(await since()).toBe(usedFrom);
    await plane.clock.advance(minuteMs);
    await remove('second');
    expect(await told()).toMatchObject({ status: 'True', reason: 'NoPodsUsingPVC' });
    const freeFrom = await since();
    expect(freeFrom).toBeGreaterThan(usedFrom);

    await plane.clock.advance(minuteMs);
    await remove('first');
    expect(await since()).toBe(freeFrom);
  });

  it.each(['Succeeded', 'Failed'])('is free when its pod has ended as %s and still exists', async (phase) => {
    await bind();
    await start();
    await place('job', 'Running');
    expect(await told()).toMatchObject({ status: 'False' });
    await end('job', phase);
    expect(await told()).toMatchObject({ status: 'True' });
  });

  it('is used while a pod without a node waits for it', async () => {
    await place('waiting', 'Pending');
    await start();
    await bind();
    expect(await told()).toMatchObject({ status: 'False' });
  });

  it('keeps its other conditions', async () => {
    await setStatus({ phase: 'Bound', conditions: [{ type: 'Resizing', status: 'True' }] });
    await start();
    const claim = await plane.client.get(persistentVolumeClaims, disk);
    expect(claim.status?.conditions?.map(({ type }) => type)).toEqual(['Resizing', 'Unused']);
    expect(claim.status?.phase).toBe('Bound');
  });

  it('keeps what it tells when it is deleted', async () => {
    await bind();
    await start();
    await place('last', 'Running');
    await plane.client.patch(persistentVolumeClaims, disk, {
      type: 'merge',
      body: { metadata: { finalizers: ['kubernetes.io/pvc-protection', 'example.com/kept'] } },
    });
    await plane.client.delete(persistentVolumeClaims, disk);
    await remove('last');
    expect(await told()).toMatchObject({ status: 'False' });
    const claim = await plane.client.get(persistentVolumeClaims, disk);
    expect(claim.metadata.finalizers).toEqual(['example.com/kept']);
  });

  it.each([
    ['True', 'False', async () => await place('unseen', 'Running')],
    ['False', 'True', async () => {}],
  ] as const)(
    'that tells %s wrongly after a time without the controller is put right',
    async (before, after, happen) => {
      const lastTransitionTime = '2020-01-01T00:00:00Z';
      await setStatus({ phase: 'Bound', conditions: [{ type: 'Unused', status: before, lastTransitionTime }] });
      await happen();
      await start();
      expect(await told()).toMatchObject({ status: after });
      expect(await since()).toBeGreaterThan(Date.parse(lastTransitionTime));
    },
  );

  it('is told again when the write is refused', async () => {
    await bind();
    await start(refusingClient(plane.clientOf(component), 'PersistentVolumeClaim', 3));
    await plane.clock.advance(minuteMs);
    expect(await told()).toMatchObject({ status: 'True' });
  });

  it('[rel-L12] is written once for each change of its use, whatever comes and goes beside, and never at rest', async () => {
    await bind();
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await start(mortal.client);
    await place('lasting', 'Running');
    expect(mortal.writes).toEqual(Array(2).fill('update PersistentVolumeClaim/status'));
    for (let index = 0; index < 20; index++) {
      await place(`brief-${index}`, 'Running');
      await end(`brief-${index}`, index % 2 ? 'Succeeded' : 'Failed');
      await remove(`brief-${index}`);
    }
    await plane.clock.advance(30 * minuteMs);
    expect(mortal.writes).toHaveLength(2);
    await remove('lasting');
    expect(mortal.writes).toHaveLength(3);
  });

  it('is not told anything while the gate is off, and what it told before stays', async () => {
    await bind();
    const first = await start(plane.clientOf(component), false);
    await place('user', 'Running');
    expect(await told()).toBeUndefined();
    await first[Symbol.asyncDispose]();
    await using second = await start();
    expect(await told()).toMatchObject({ status: 'False' });
    const before = await since();
    await second[Symbol.asyncDispose]();
    await start(plane.clientOf(component), false);
    await plane.clock.advance(minuteMs);
    await remove('user');
    expect(await told()).toMatchObject({ status: 'False' });
    expect(await since()).toBe(before);
  });

  it.each<Kill>([
    { afterWrites: 0, lastWriteLands: false },
    { afterWrites: 0, lastWriteLands: true },
    { afterWrites: 1, lastWriteLands: false },
    { afterWrites: 1, lastWriteLands: true },
  ])('[rel-L10] is told the truth in the end although the controller dies around a write: %o', async (kill) => {
    const mortal = mortalClient(plane.clientOf(component), kill);
    const first = await start(mortal.client);
    await bind();
    await place('user', 'Running');
    await remove('user');
    await first[Symbol.asyncDispose]();
    await start();
    expect(await told()).toMatchObject({ status: 'True' });
  });
});
