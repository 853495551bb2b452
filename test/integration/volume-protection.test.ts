/** Upstream: volume/pvprotection. Each case runs twice: with the volume there when the controller starts, and coming after. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumes } from '../../src/api/index.ts';
import { startVolumeProtectionController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { type Kill, mortalClient, startOn } from './support/controllers.ts';
import { volumeDraft } from './support/objects.ts';
import { refusingClient } from './support/refusing-client.ts';

const component = 'pv-protection-controller';
const finalizer = 'kubernetes.io/pv-protection';
const key = { name: 'v' };

interface Case {
  readonly title: string;
  readonly isBare?: boolean;
  readonly phase?: string;
  readonly isDeleted?: boolean;
  readonly refusals?: number;
  /** The phase that it comes to later. */
  readonly next?: string;
  readonly expected: 'gone' | 'kept' | 'protected';
}

const cases: readonly Case[] = [
  { title: '[C2] a volume without protection gets it', isBare: true, expected: 'protected' },
  { title: '[C2] a volume with protection is left alone', expected: 'protected' },
  { title: '[C2] a refused protection is tried again', isBare: true, refusals: 2, expected: 'protected' },
  { title: '[C2] a deleted volume goes when no claim has it', isDeleted: true, expected: 'gone' },
  { title: '[C2] a refused release is tried again', isDeleted: true, refusals: 2, expected: 'gone' },
  { title: '[C2] a deleted volume stays while it is Bound', isDeleted: true, phase: 'Bound', expected: 'kept' },
  { title: '[C2] a Bound volume is protected', isBare: true, phase: 'Bound', expected: 'protected' },
  { title: '[C2] a deleted volume goes when it is Available', isDeleted: true, phase: 'Available', expected: 'gone' },
  { title: '[C2] a deleted volume goes when it is Released', isDeleted: true, phase: 'Released', expected: 'gone' },
  { title: '[C2] a deleted volume goes when it has Failed', isDeleted: true, phase: 'Failed', expected: 'gone' },
  {
    title: '[C2] [rel-L6] a deleted volume goes once its claim let it go',
    isDeleted: true,
    phase: 'Bound',
    next: 'Released',
    expected: 'gone',
  },
];

describe('the volume protection controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function setPhase(phase: string) {
    const volume = await plane.client.get(persistentVolumes, key);
    await plane.client.updateStatus(persistentVolumes, { ...volume, status: { phase } });
  }
  async function setUp({ isBare, phase, isDeleted }: Case) {
    await plane.client.create(persistentVolumes, volumeDraft('v', ''));
    if (phase) await setPhase(phase);
    const body = { metadata: { finalizers: null } };
    if (isBare) await plane.client.patch(persistentVolumes, key, { type: 'merge', body });
    if (isDeleted) await plane.client.delete(persistentVolumes, key);
  }
  async function outcome() {
    await plane.clock.advance(60_000);
    const volume = await plane.get(persistentVolumes, key);
    if (!volume) return 'gone';
    expect(volume.metadata.finalizers).toEqual([finalizer]);
    return volume.metadata.deletionTimestamp ? 'kept' : 'protected';
  }

  describe.each(['before', 'after'])('[C2] [rel-L6] started %s', (when) => {
    it.each(cases.map((one) => [one.title, one] as const))('%s', async (_title, one) => {
      const client = refusingClient(plane.clientOf(component), 'PersistentVolume', one.refusals ?? 0);
      const start = () => startOn(plane, component, startVolumeProtectionController, client);
      if (when === 'before') await start();
      await setUp(one);
      if (when === 'after') await start();
      await plane.clock.settle();
      if (one.next) await setPhase(one.next);
      expect(await outcome()).toBe(one.expected);
    });
  });

  it('[rel-L12] writes nothing at rest', async () => {
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await startOn(plane, component, startVolumeProtectionController, mortal.client);
    await setUp({ title: '', phase: 'Bound', isDeleted: true, expected: 'kept' });
    await plane.clock.advance(30 * 60_000);
    expect(mortal.writes).toEqual([]);
  });

  describe('[rel-L10] killed before and after every write', () => {
    it.each<Kill>([
      { afterWrites: 0, lastWriteLands: false },
      { afterWrites: 0, lastWriteLands: true },
      { afterWrites: 1, lastWriteLands: false },
      { afterWrites: 1, lastWriteLands: true },
    ])('%o: ends as if nothing had happened', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await startOn(plane, component, startVolumeProtectionController, mortal.client);
      await setUp({ title: '', isBare: true, expected: 'protected' });
      await plane.clock.settle();
      if (mortal.isDead) {
        await first[Symbol.asyncDispose]();
        await startOn(plane, component, startVolumeProtectionController);
      }
      await plane.client.delete(persistentVolumes, key);
      await plane.clock.settle();
      expect(mortal.isDead).toBe(true);
      await startOn(plane, component, startVolumeProtectionController);
      expect(await outcome()).toBe('gone');
    });
  });
});
