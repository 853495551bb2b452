import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeAttributesClasses,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { withFinishedResize } from '../../src/component-helpers/index.ts';
import { startResizer } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { mortalClient, startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { claimDraft, classDraft, podDraft, volumeDraft } from './support/objects.ts';

const component = 'external-resizer fake.csi';
const key = { namespace: 'default', name: 'c' };
const noteBefore = 'volume.alpha.kubernetes.io/pre-resize-capacity';
const nothingForNodes = 'volume.kubernetes.io/node-expansion-not-required';

describe('external-resizer', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    await plane.client.create(storageClasses, { ...classDraft('grows'), allowVolumeExpansion: true });
    const names = ['gold', 'silver', 'bad'];
    for (const name of names) {
      const parameters = { tier: name };
      await plane.client.create(volumeAttributesClasses, { metadata: { name }, driverName: 'fake.csi', parameters });
    }
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  function start(client: Client = plane.clientOf(component)) {
    return startOn(plane, component, (options) => startResizer({ ...options, driver: backend.driver }), client);
  }

  /** A claim that is bound to a volume of 1 GiB. */
  async function createBound(spec: Partial<PersistentVolumeClaim['spec']> = {}) {
    const { client } = plane;
    const draft = claimDraft('c', 'grows');
    const made = await client.create(persistentVolumeClaims, {
      ...draft,
      spec: { ...draft.spec, volumeName: 'v', ...spec },
    });
    const { hostPath: _, ...volumeSpec } = volumeDraft('v', 'grows').spec;
    const { name, namespace, uid } = made.metadata;
    const claimRef = { kind: 'PersistentVolumeClaim', name, namespace: namespace ?? '', uid };
    await client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: {
        ...volumeSpec,
        accessModes: made.spec.accessModes ?? [],
        claimRef,
        csi: { driver: 'fake.csi', volumeHandle: 'h' },
      },
    });
    const capacity = { storage: '1Gi' };
    await client.updateStatus(persistentVolumeClaims, { ...made, status: { phase: 'Bound', capacity } });
  }

  async function ask(storage: string): Promise<void> {
    const body = { spec: { resources: { requests: { storage } } } };
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
    await plane.clock.settle();
  }

  async function choose(volumeAttributesClassName: string): Promise<void> {
    const body = { spec: { volumeAttributesClassName } };
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
    await plane.clock.settle();
  }

  const claim = () => plane.client.get(persistentVolumeClaims, key);
  const volume = () => plane.client.get(persistentVolumes, { name: 'v' });
  const progress = async () => (await claim()).status?.allocatedResourceStatuses?.storage;
  const allocated = async () => (await claim()).status?.allocatedResources?.storage;
  const capacity = async () => (await claim()).status?.capacity?.storage;
  const volumeSize = async () => (await volume()).spec.capacity?.storage;
  const conditions = async () =>
    (await claim()).status?.conditions?.map(({ type, message }) => (message ? `${type}: ${message}` : type)) ?? [];
  const subjects = (method: string) =>
    backend.calls.filter((call) => call.method === method).map(({ subject }) => subject);

  describe('growth', () => {
    const bytes = (gib: number) => `h=${gib * 2 ** 30}`;

    it('[E2] [E4] [O20] leaves the last step to the node, and forgets the size before when it is done', async () => {
      await createBound();
      await start();
      await ask('2Gi');
      expect(subjects('ControllerExpandVolume')).toEqual([bytes(2)]);
      expect(await volumeSize()).toBe('2Gi');
      expect((await volume()).metadata.annotations?.[noteBefore]).toBe('1Gi');
      expect(await progress()).toBe('NodeResizePending');
      expect(await allocated()).toBe('2Gi');
      expect(await capacity()).toBe('1Gi');
      expect(await conditions()).toEqual([
        'Resizing',
        'FileSystemResizePending: Waiting for user to (re-)start a pod to finish file system resize of volume on node.',
      ]);
      expect(await plane.eventsOf('c')).toEqual([
        'Normal Resizing External resizer is resizing volume v',
        'Normal FileSystemResizeRequired Require file system resize of volume on node',
      ]);
      await plane.client.updateStatus(persistentVolumeClaims, withFinishedResize(await claim(), '2Gi'));
      await plane.clock.settle();
      expect((await volume()).metadata.annotations?.[noteBefore]).toBeUndefined();
    });

    it('[E2] [rel-F2] shows the size at once when the node has nothing to do', async () => {
      backend.nodeExpansionRequired = false;
      await createBound();
      await start();
      await ask('2Gi');
      expect(await capacity()).toBe('2Gi');
      expect(await progress()).toBeUndefined();
      expect(await conditions()).toEqual([]);
      expect(await plane.eventsOf('c')).toEqual([
        'Normal Resizing External resizer is resizing volume v',
        'Normal VolumeResizeSuccessful Resize volume succeeded',
      ]);
    });

    it('[E5] tells the nodes of a shared volume that they have nothing to do', async () => {
      backend.nodeExpansionRequired = false;
      await createBound({ accessModes: ['ReadWriteMany'] });
      await start();
      await ask('2Gi');
      expect((await claim()).metadata.annotations?.[nothingForNodes]).toBe('true');
      backend.nodeExpansionRequired = true;
      await ask('3Gi');
      expect((await claim()).metadata.annotations?.[nothingForNodes]).toBeUndefined();
      expect(await progress()).toBe('NodeResizePending');
    });

    it('[E2] leaves everything to the node of a driver that grows volumes there only', async () => {
      backend = new FakeDriver(plane.clock, 'node');
      await createBound();
      await start();
      await ask('2Gi');
      expect(subjects('ControllerExpandVolume')).toEqual([]);
      expect(await volumeSize()).toBe('2Gi');
      expect(await progress()).toBe('NodeResizePending');
    });

    it('[E3] [rel-F4] finds a size infeasible, tries again rarely, and recovers when less is asked for', async () => {
      backend.fail('refusals', 'ControllerExpandVolume', Code.OUT_OF_RANGE, Code.OUT_OF_RANGE, Code.OUT_OF_RANGE);
      await createBound();
      await start();
      await ask('100Gi');
      expect(await progress()).toBe('ControllerResizeInfeasible');
      const error = 'rpc error: code = OutOfRange desc = ordered by the test';
      expect(await conditions()).toEqual(['Resizing', `ControllerResizeError: failed to expand pvc with ${error}`]);
      expect(await plane.eventsOf('c')).toContain(
        `Warning VolumeResizeFailed resize volume "v" by resizer "fake.csi" failed: ${error}`,
      );
      await plane.clock.advance(240_000);
      expect(subjects('ControllerExpandVolume')).toHaveLength(1);
      await plane.clock.advance(120_000);
      expect(subjects('ControllerExpandVolume')).toHaveLength(2);
      backend.refusals.clear();
      await ask('2Gi');
      expect(await volumeSize()).toBe('2Gi');
      expect(await progress()).toBe('NodeResizePending');
      expect(await allocated()).toBe('2Gi');
    });

    it('[E3] [rel-F1] carries a size through whose outcome is not known, although another is asked for', async () => {
      const codes = [Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE, Code.ABORTED];
      backend.fail('lostReplies', 'ControllerExpandVolume', ...codes);
      await createBound();
      await start();
      await ask('3Gi');
      expect(await progress()).toBe('ControllerResizeInProgress');
      await ask('2Gi');
      await plane.clock.advance(30_000);
      expect(new Set(subjects('ControllerExpandVolume'))).toEqual(new Set([bytes(3)]));
      expect(await volumeSize()).toBe('3Gi');
    });

    it('[O20] does not try a volume that is in use again before its pods have gone', async () => {
      backend.fail('refusals', 'ControllerExpandVolume', Code.FAILED_PRECONDITION);
      const draft = podDraft('p', 'c');
      await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1' } });
      await createBound();
      await start();
      await ask('2Gi');
      await plane.clock.advance(60_000);
      expect(subjects('ControllerExpandVolume')).toHaveLength(1);
      expect(await plane.eventsOf('c')).toContain(
        'Warning VolumeResizeFailed Unable to expand default/c because CSI driver fake.csi only supports offline expansion and volume is currently in-use',
      );
      await plane.client.delete(pods, { namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 });
      await plane.clock.settle();
      expect(subjects('ControllerExpandVolume')).toHaveLength(2);
      expect(await progress()).toBe('NodeResizePending');
    });

    it('[rel-F1] never believes a driver that answers with less than it was asked for', async () => {
      const expand = backend.driver.controller.controllerExpandVolume;
      const controllerExpandVolume: typeof expand = async (...call) => ({
        ...(await expand(...call)),
        capacityBytes: 1n,
      });
      const driver = { ...backend.driver, controller: { ...backend.driver.controller, controllerExpandVolume } };
      await createBound();
      await startOn(plane, component, (options) => startResizer({ ...options, driver }));
      await ask('2Gi');
      expect(await volumeSize()).toBe('1Gi');
      expect(await progress()).toBe('ControllerResizeInfeasible');
    });

    it('[rel-L12] writes nothing at rest', async () => {
      await createBound();
      await start();
      await ask('2Gi');
      await plane.clock.advance(60_000);
      const { resourceVersion } = await plane.client.list(persistentVolumeClaims);
      await plane.clock.advance(1_800_000);
      expect((await plane.client.list(persistentVolumeClaims)).resourceVersion).toBe(resourceVersion);
    });

    const plans = [0, 1, 2].flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[E2] [rel-L10] ends as if nothing had happened when it dies at a write: %o', async (kill) => {
      await createBound();
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await ask('2Gi');
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      expect(await volumeSize()).toBe('2Gi');
      expect((await volume()).metadata.annotations?.[noteBefore]).toBe('1Gi');
      expect(await progress()).toBe('NodeResizePending');
      expect(new Set(subjects('ControllerExpandVolume'))).toEqual(new Set([bytes(2)]));
    });
  });

  describe('attributes', () => {
    const target = async () => (await claim()).status?.modifyVolumeStatus;
    const current = async () => (await claim()).status?.currentVolumeAttributesClassName;
    const of = (tier: string) => `h {"tier":"${tier}"}`;

    it('[G1] [O21] gives the volume the class that the claim names, and says so on both', async () => {
      await createBound();
      await start();
      await choose('gold');
      expect(subjects('ControllerModifyVolume')).toEqual([of('gold')]);
      expect(await current()).toBe('gold');
      expect(await target()).toBeUndefined();
      expect(await conditions()).toEqual([]);
      expect((await volume()).spec.volumeAttributesClassName).toBe('gold');
      expect(await plane.eventsOf('c')).toEqual([
        'Normal VolumeModify external resizer is modifying volume c with vac gold',
        'Normal VolumeModifySuccessful external resizer modified volume c with vac gold successfully',
      ]);
    });

    it('[G1] waits for a class that does not exist', async () => {
      await createBound();
      await start();
      await choose('later');
      expect(await target()).toEqual({ targetVolumeAttributesClassName: 'later', status: 'Pending' });
      expect(await plane.eventsOf('c')).toEqual(['Warning VolumeModifyFailed VAC later does not exist.']);
      const parameters = { tier: 'later' };
      await plane.client.create(volumeAttributesClasses, {
        metadata: { name: 'later' },
        driverName: 'fake.csi',
        parameters,
      });
      await plane.clock.settle();
      expect(await current()).toBe('later');
    });

    it('[G1] asks the driver for no class of another driver', async () => {
      await createBound();
      await start();
      const parameters = { tier: 'gold' };
      await plane.client.create(volumeAttributesClasses, {
        metadata: { name: 'foreign' },
        driverName: 'other.csi',
        parameters,
      });
      await choose('foreign');
      expect(subjects('ControllerModifyVolume')).toEqual([]);
      expect(await target()).toEqual({ targetVolumeAttributesClassName: 'foreign', status: 'Pending' });
      expect(await plane.eventsOf('c')).toEqual([
        'Warning VolumeModifyFailed VAC foreign referenced in PVC is for driver other.csi which does not match driver name fake.csi',
      ]);
      await choose('gold');
      expect(subjects('ControllerModifyVolume')).toEqual([of('gold')]);
    });

    it('[G2] [rel-F6] finds a class infeasible, tries again rarely, and recovers with another', async () => {
      backend.fail('refusals', 'ControllerModifyVolume', Code.INVALID_ARGUMENT, Code.INVALID_ARGUMENT);
      await createBound();
      await start();
      await choose('bad');
      expect(await target()).toEqual({ targetVolumeAttributesClassName: 'bad', status: 'Infeasible' });
      expect(await conditions()).toEqual([
        'ModifyVolumeError: ModifyVolume failed with error: rpc error: code = InvalidArgument desc = ordered by the test. Waiting for retry.',
      ]);
      await plane.clock.advance(240_000);
      expect(subjects('ControllerModifyVolume')).toHaveLength(1);
      backend.refusals.clear();
      await choose('gold');
      expect(await current()).toBe('gold');
      expect(await target()).toBeUndefined();
    });

    it('[G2] gives up when the claim goes back before anything happened', async () => {
      await createBound();
      await start();
      await choose('silver');
      backend.fail('refusals', 'ControllerModifyVolume', Code.INVALID_ARGUMENT);
      await choose('bad');
      await choose('silver');
      expect(await target()).toBeUndefined();
      expect(await current()).toBe('silver');
      expect(await conditions()).toEqual([]);
      expect((await plane.eventsOf('c')).at(-1)).toMatch(/^Normal VolumeModifyCanceled /);
    });

    it('[G2] [rel-F6] goes back through the driver when it may have done something', async () => {
      await createBound();
      await start();
      await choose('silver');
      backend.fail('lostReplies', 'ControllerModifyVolume', Code.DEADLINE_EXCEEDED);
      await choose('gold');
      await choose('silver');
      await plane.clock.advance(10_000);
      expect(backend.attributes.get('h')).toEqual({ tier: 'silver' });
      expect(await current()).toBe('silver');
      expect(await target()).toBeUndefined();
    });

    const plans = [0, 1, 2].flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[G1] [rel-L10] ends as if nothing had happened when it dies at a write: %o', async (kill) => {
      await createBound();
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await choose('gold');
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      await plane.clock.settle();
      expect(await current()).toBe('gold');
      expect(await target()).toBeUndefined();
      expect((await volume()).spec.volumeAttributesClassName).toBe('gold');
    });
  });
});
