/** What the flags of `stowage csi-sidecar` change in the sidecars. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../src/api/index.ts';
import { readSidecarFlags, sidecarFlags } from '../../src/cluster/flags/csi-sidecar-flags.ts';
import { CsiError } from '../../src/csi/index.ts';
import { startProvisioner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft } from './support/objects.ts';

describe('the flags of the provisioner', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    await plane.client.create(storageClasses, classDraft('now', 'Immediate'));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function start(written: Record<string, string>): Promise<void> {
    const { client, informers, clock, random, logger } = plane;
    const { provisioner: flags = {} } = sidecarFlags(readSidecarFlags(new Map(Object.entries(written))));
    const recorder = plane.recorder('fake.csi_host_1');
    const { driver } = backend;
    plane.use(startProvisioner({ client, informers, recorder, driver, clock, random, logger, flags }));
    await plane.run();
  }

  async function createClaim(name: string): Promise<string> {
    const draft = claimDraft(name, 'now');
    const annotations = { 'volume.kubernetes.io/storage-provisioner': 'fake.csi' };
    const metadata = { ...draft.metadata, annotations };
    const claim = await plane.client.create(persistentVolumeClaims, { ...draft, metadata });
    return claim.metadata.uid;
  }

  const creations = () => backend.calls.filter(({ method }) => method === 'CreateVolume').length;

  it('[O3] the prefix begins the name at the driver and that of the object', async () => {
    await start({ 'volume-name-prefix': 'vol' });
    const uid = await createClaim('data');
    await plane.clock.settle();
    expect([...backend.volumes.keys()]).toEqual([`vol-${uid}`]);
    const { items } = await plane.client.list(persistentVolumes);
    expect(items.map(({ metadata }) => metadata.name)).toEqual([`vol-${uid}`]);
  });

  it.each([
    ['1', 1],
    ['2', 2],
    ['0', 3],
  ])('%s worker threads make so many volumes at a time', async (threads, expected) => {
    backend.latencyMs = 5_000;
    await start({ 'worker-threads': threads });
    for (const name of ['a', 'b', 'c']) await createClaim(name);
    await plane.clock.advance(1_000);
    expect(creations()).toBe(expected);
    await plane.clock.advance(60_000);
    expect(backend.volumes.size).toBe(3);
  });

  it('the waits after failures begin and end as told', async () => {
    await start({ 'retry-interval-start': '10s', 'retry-interval-max': '20s' });
    const refusals = Array.from({ length: 9 }, () => new CsiError(Code.UNAVAILABLE, 'not now'));
    backend.refusals.set('CreateVolume', refusals);
    await createClaim('data');
    const seen: number[] = [];
    for (const passMs of [1_000, 8_000, 2_000, 18_000, 2_000, 20_000, 20_000]) {
      await plane.clock.advance(passMs);
      seen.push(creations());
    }
    expect(seen).toEqual([1, 1, 2, 2, 3, 4, 5]);
  });
});
