import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  coreEvents,
  type Draft,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startExpandController } from '../../src/controllers/index.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import {
  type FakeAnswer,
  failure,
  hung,
  notSupported,
  success,
} from '../../src/volume-plugins/testing/fake-flex-driver.ts';
import { ControlPlane } from './support/control-plane.ts';
import { mortalClient, startOn } from './support/controllers.ts';
import { FlexBackend, flexDriverName } from './support/flex-backend.ts';
import { classDraft } from './support/objects.ts';
import { refusingClient } from './support/refusing-client.ts';

const component = 'volume_expand';
const key = { namespace: 'default', name: 'disk' };
type Source = Partial<PersistentVolume['spec']>;
const flex: Source = { flexVolume: { driver: 'example.com/flex' } };

describe('the expand controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(storageClasses, { ...classDraft('std'), allowVolumeExpansion: true });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startExpandController, client);
  const claim = () => plane.client.get(persistentVolumeClaims, key);
  const volume = () => plane.client.get(persistentVolumes, { name: 'v' });

  /** A claim of 1Gi that is bound to a volume of this kind. */
  async function bind(source: Source): Promise<void> {
    const request = { resources: { requests: { storage: '1Gi' } } };
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'std', volumeName: 'v', ...request };
    const draft: Draft<PersistentVolumeClaim> = { metadata: key, spec };
    const created = await plane.client.create(persistentVolumeClaims, draft);
    await plane.client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        storageClassName: 'std',
        claimRef: { ...key, uid: created.metadata.uid, kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
        ...source,
      },
    });
    await plane.client.updateStatus(persistentVolumeClaims, {
      ...created,
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    });
    await plane.clock.settle();
  }

  async function ask(storage: string): Promise<void> {
    const body = { spec: { resources: { requests: { storage } } } };
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
    await plane.clock.settle();
  }

  async function setCapacity(storage: string): Promise<void> {
    const current = await claim();
    const { allocatedResourceStatuses: _, ...status } = current.status ?? {};
    await plane.client.updateStatus(persistentVolumeClaims, {
      ...current,
      status: { ...status, capacity: { storage } },
    });
    await plane.clock.settle();
  }

  it('[E1] leaves CSI volumes to their resizer, and says once per request whom it waits for', async () => {
    await start();
    await bind({ csi: { driver: 'd', volumeHandle: 'h' } });
    expect(await plane.eventsOf('disk')).toEqual([]);
    await ask('2Gi');
    await plane.clock.advance(60_000);
    const event = 'Normal ExternalExpanding waiting for an external controller to expand this PVC';
    expect(await plane.eventsOf('disk')).toEqual([event]);
    expect((await claim()).metadata.annotations).toBeUndefined();
    await setCapacity('2Gi');
    await ask('3Gi');
    const { items } = await plane.client.list(coreEvents);
    expect(items.map(({ count }) => count)).toEqual([2]);
  });

  it('[E1] names the resizer of a migrated plugin', async () => {
    await start();
    await bind({ gcePersistentDisk: { pdName: 'pd' } });
    await ask('2Gi');
    expect((await claim()).metadata.annotations).toEqual({
      'volume.kubernetes.io/storage-resizer': 'pd.csi.storage.gke.io',
    });
    expect(await plane.eventsOf('disk')).toEqual([
      'Normal ExternalExpanding CSI migration enabled for kubernetes.io/gce-pd; waiting for external resizer to expand the pvc',
    ]);
  });

  it('[E1] says why the resizer of a migrated plugin could not be named, and names it later', async () => {
    const client = plane.clientOf(component);
    let refusals = 1;
    const patch: Client['patch'] = async (type, ...rest) => {
      if (refusals-- > 0) throw ApiStatusError.of('Forbidden', 'not yet');
      return await client.patch(type, ...rest);
    };
    await start({ ...client, patch });
    await bind({ awsElasticBlockStore: { volumeID: 'vol-1' } });
    await ask('2Gi');
    await plane.clock.advance(5000);
    expect(await plane.eventsOf('disk')).toEqual([
      'Normal ExternalExpanding CSI migration enabled for kubernetes.io/aws-ebs; waiting for external resizer to expand the pvc',
      'Warning ExternalExpanding error setting resizer annotation to pvc default/disk, with error not yet',
    ]);
    expect((await claim()).metadata.annotations).toEqual({
      'volume.kubernetes.io/storage-resizer': 'ebs.csi.aws.com',
    });
  });

  it('[E1] leaves a migrated volume alone that was enlarged already, whatever note is on it', async () => {
    await start();
    const annotations = { 'volume.alpha.kubernetes.io/pre-resize-capacity': '512Mi' };
    await bind({ awsElasticBlockStore: { volumeID: 'vol-1' } });
    await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body: { metadata: { annotations } } });
    await plane.clock.advance(60_000);
    expect((await volume()).metadata.annotations).toEqual(annotations);
    expect((await volume()).spec.capacity).toEqual({ storage: '1Gi' });
    expect((await claim()).status?.allocatedResources).toBeUndefined();
  });

  it('[E1] does nothing for a claim whose volume is not there, until it is', async () => {
    await start();
    await bind(flex);
    const { spec } = await volume();
    const unheld = { metadata: { finalizers: null } };
    await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body: unheld });
    await plane.client.delete(persistentVolumes, { name: 'v' });
    await ask('2Gi');
    await plane.clock.advance(1000);
    expect((await claim()).status?.allocatedResources).toBeUndefined();
    expect(await plane.eventsOf('disk')).toEqual([]);
    await plane.client.create(persistentVolumes, { metadata: { name: 'v' }, spec });
    await plane.clock.advance(60_000);
    expect((await volume()).spec.capacity).toEqual({ storage: '2Gi' });
  });

  it('[E1] says why an expansion failed, tries again, and counts both', async () => {
    const metrics = new MetricsRegistry();
    const client = refusingClient(plane.clientOf(component), 'PersistentVolume', 1);
    await startOn(plane, component, (options) => startExpandController({ ...options, metrics }), client);
    await bind(flex);
    await ask('2Gi');
    await plane.clock.advance(5000);
    expect(await plane.eventsOf('disk')).toEqual(['Warning VolumeResizeFailed update PersistentVolume is forbidden']);
    expect((await volume()).spec.capacity).toEqual({ storage: '2Gi' });
    const labels = 'volume_plugin="kubernetes.io/flexvolume",operation_name="expand_volume"';
    const counted = (await metrics.print()).split('\n');
    expect(counted).toContain(
      `storage_operation_duration_seconds_count{${labels},status="fail-unknown",migrated="false"} 1`,
    );
    expect(counted).toContain(
      `storage_operation_duration_seconds_count{${labels},status="success",migrated="false"} 1`,
    );
  });

  it('[E1] [E2] [E4] enlarges on the node what only the node can, and tells it by size, status and condition', async () => {
    await start();
    await bind(flex);
    await ask('2Gi');
    expect((await volume()).spec.capacity).toEqual({ storage: '2Gi' });
    expect((await volume()).metadata.annotations).toEqual({ 'volume.alpha.kubernetes.io/pre-resize-capacity': '1Gi' });
    expect((await claim()).status).toMatchObject({
      capacity: { storage: '1Gi' },
      allocatedResources: { storage: '2Gi' },
      allocatedResourceStatuses: { storage: 'NodeResizePending' },
      conditions: [
        {
          type: 'FileSystemResizePending',
          status: 'True',
          message: 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.',
        },
      ],
    });
    await setCapacity('2Gi');
    expect((await volume()).metadata.annotations).toBeUndefined();
  });

  describe('with a FlexVolume driver beside it', () => {
    const ours: Source = { flexVolume: { driver: flexDriverName } };
    const call = `expandvolume ${flexDriverName}/mounts/v ${2 * 2 ** 30} ${2 ** 30}`;
    const pending = { allocatedResourceStatuses: { storage: 'NodeResizePending' }, capacity: { storage: '1Gi' } };

    async function startWith(expandvolume: FakeAnswer, client?: Client, capabilities = {}): Promise<FlexBackend> {
      const backend = await FlexBackend.create(plane.clock, { ...success, capabilities });
      backend.exec.answers.set('expandvolume', expandvolume);
      await startOn(
        plane,
        component,
        (options) => startExpandController({ ...options, flexPlugin: backend.plugin }),
        client,
      );
      return backend;
    }

    it.each([
      ['grows it', success],
      ['has no command for it', notSupported],
    ])('[E1] [M5] leaves the rest to the node when the driver %s', async (_how, answer) => {
      const { calls } = await startWith(answer).then((backend) => ({ calls: () => backend.calls() }));
      await bind(ours);
      await ask('2Gi');
      await plane.clock.advance(60_000);
      expect(calls()).toEqual([call]);
      expect((await volume()).spec.capacity).toEqual({ storage: '2Gi' });
      expect((await claim()).status).toMatchObject(pending);
    });

    it('[E1] [E2] [M4] is done when the driver needs nothing of the node', async () => {
      const backend = await startWith(success, undefined, { requiresFSResize: false });
      await bind(ours);
      await ask('2Gi');
      await plane.clock.advance(60_000);
      expect(backend.calls()).toEqual([call]);
      const { metadata, spec } = await volume();
      expect([spec.capacity, metadata.annotations]).toEqual([{ storage: '2Gi' }, undefined]);
      const { status } = await claim();
      expect(status?.capacity).toEqual({ storage: '2Gi' });
      expect(status?.allocatedResourceStatuses).toBeUndefined();
      expect(status?.conditions ?? []).toEqual([]);
    });

    it.each([
      ['says no', failure('no room'), 'expandvolume command failed, status: Failure, reason: no room'],
      ['hangs', hung(), 'timeout: expandvolume did not end within 120 s and was killed'],
      ['answers nothing', '', 'unexpected end of JSON input'],
    ])('[E1] [E4] [M3] says why when the driver %s, and tries again', async (_how, answer, why) => {
      const backend = await startWith(answer);
      await bind(ours);
      await ask('2Gi');
      expect(await plane.eventsOf('disk')).toEqual([
        `Warning VolumeResizeFailed error expanding volume "default/disk" of plugin "${flexDriverName}": ${why}`,
      ]);
      expect((await volume()).spec.capacity).toEqual({ storage: '1Gi' });
      expect((await claim()).status).toMatchObject({
        allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
        conditions: [{ type: 'Resizing', status: 'True' }],
      });
      backend.exec.answers.set('expandvolume', success);
      await plane.clock.advance(60_000);
      expect((await claim()).status).toMatchObject(pending);
    });

    it('[E1] leaves to the node what belongs to a driver that is not installed', async () => {
      const backend = await startWith(success);
      await bind(flex);
      await ask('2Gi');
      expect(backend.calls()).toEqual([]);
      expect((await claim()).status).toMatchObject(pending);
    });

    const kills = [0, 1, 2].flatMap((at) => [[at, false] as const, [at, true] as const]);
    it.each(kills)(
      '[E1] [rel-L10] [rel-F-CT2] calls again when it is killed at write %i, landed: %s',
      async (at, lands) => {
        const kill = { afterWrites: at, lastWriteLands: lands };
        const mortal = mortalClient(plane.clientOf(component), kill);
        await startWith(success, mortal.client);
        await bind(ours);
        await ask('2Gi');
        expect(mortal.isDead).toBe(true);
        const backend = await startWith(success);
        await plane.clock.advance(5_000);
        expect((await volume()).spec.capacity).toEqual({ storage: '2Gi' });
        expect((await claim()).status).toMatchObject(pending);
        expect(backend.calls().every((each) => each === call)).toBe(true);
      },
    );
  });

  it('[E1] [rel-B3] does nothing for a claim whose volume belongs to another', async () => {
    await start();
    await bind(flex);
    const claimRef = { ...key, uid: 'somebody-else' };
    await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body: { spec: { claimRef } } });
    await ask('2Gi');
    expect((await volume()).spec.capacity).toEqual({ storage: '1Gi' });
    expect((await claim()).status?.allocatedResources).toBeUndefined();
  });

  const kills = [0, 1, 2].flatMap((at) => [[at, false] as const, [at, true] as const]);
  it.each(kills)(
    '[E1] [rel-L10] ends as if nothing had happened when killed at write %i, landed: %s',
    async (afterWrites, lastWriteLands) => {
      const mortal = mortalClient(plane.clientOf(component), { afterWrites, lastWriteLands });
      const first = await start(mortal.client);
      await bind(flex);
      await ask('2Gi');
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      await plane.clock.advance(5000);
      expect((await volume()).spec.capacity).toEqual({ storage: '2Gi' });
      expect((await volume()).metadata.annotations).toEqual({
        'volume.alpha.kubernetes.io/pre-resize-capacity': '1Gi',
      });
      expect((await claim()).status).toMatchObject({
        allocatedResources: { storage: '2Gi' },
        allocatedResourceStatuses: { storage: 'NodeResizePending' },
      });
    },
  );

  it('[E1] [rel-L12] writes nothing at rest', async () => {
    await start();
    await bind(flex);
    await ask('2Gi');
    await plane.clock.advance(60_000);
    const { resourceVersion } = await plane.client.list(persistentVolumes);
    await plane.clock.advance(1_800_000);
    expect((await plane.client.list(persistentVolumes)).resourceVersion).toBe(resourceVersion);
  });
});
