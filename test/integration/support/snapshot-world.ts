/** Contents of snapshots, a driver that takes them, and the snapshotter between the two. */
import {
  contentBoundFinalizer,
  secrets,
  type VolumeSnapshotContent,
  type VolumeSnapshotContentStatus,
  volumeSnapshotClasses,
  volumeSnapshotContents,
} from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { type CsiDriver, type SnapshotterOptions, startSnapshotter } from '../../../src/sidecars/index.ts';
import { ControlPlane } from './control-plane.ts';
import { startOn } from './controllers.ts';
import { FakeDriver } from './fake-driver.ts';

const prefix = 'snapshot.storage.kubernetes.io/';
export const beingCreated = `${prefix}volumesnapshot-being-created`;
export const beingDeleted = `${prefix}volumesnapshot-being-deleted`;
export const secretAnnotations = (name: string, namespace: string) => ({
  [`${prefix}deletion-secret-name`]: name,
  [`${prefix}deletion-secret-namespace`]: namespace,
});

export interface ContentOptions {
  readonly name?: string;
  /** `vol` unless given. */
  readonly volumeHandle?: string;
  /** Of a snapshot that exists already; else one is to be taken. */
  readonly snapshotHandle?: string;
  readonly driver?: string;
  /** `plain` unless given; '' for none. */
  readonly className?: string;
  readonly policy?: 'Delete' | 'Retain';
  /** Of the VolumeSnapshot; '' while the content is not bound. */
  readonly refUid?: string;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly finalizers?: readonly string[];
  readonly status?: VolumeSnapshotContentStatus;
}

const key = (name: string) => ({ name });

export class SnapshotWorld implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.backend = new FakeDriver(plane.clock);
  }

  static async start(): Promise<SnapshotWorld> {
    const world = new SnapshotWorld(await ControlPlane.start());
    await world.createClass('plain', { tier: 'gold', 'csi.storage.k8s.io/snapshotter-secret-name': 's' });
    return world;
  }

  get snapshots() {
    return this.backend.snapshotted;
  }

  async createClass(name: string, parameters: Record<string, string>, driver = 'fake.csi'): Promise<void> {
    await this.plane.client.create(volumeSnapshotClasses, {
      metadata: { name },
      driver,
      deletionPolicy: 'Delete',
      parameters,
    });
  }

  async createSecret(name: string, values: Record<string, string>): Promise<void> {
    const entries = Object.entries(values).map(([field, value]) => [field, Buffer.from(value).toString('base64')]);
    await this.plane.client.create(secrets, {
      metadata: { namespace: 'default', name },
      data: Object.fromEntries(entries),
    });
  }

  async create(options: ContentOptions = {}): Promise<VolumeSnapshotContent> {
    const { name = 'c', className = 'plain', policy = 'Delete', refUid = 'uid-of-s', driver = 'fake.csi' } = options;
    const { snapshotHandle, volumeHandle = 'vol', status, annotations = {}, labels = {} } = options;
    const { client } = this.plane;
    const made = await client.create(volumeSnapshotContents, {
      metadata: { name, annotations, labels, finalizers: options.finalizers ?? [contentBoundFinalizer] },
      spec: {
        driver,
        deletionPolicy: policy,
        source: snapshotHandle === undefined ? { volumeHandle } : { snapshotHandle },
        volumeSnapshotRef: { namespace: 'default', name: 's', ...(refUid === '' ? {} : { uid: refUid }) },
        ...(className === '' ? {} : { volumeSnapshotClassName: className }),
      },
    });
    return status ? await client.updateStatus(volumeSnapshotContents, { ...made, status }) : made;
  }

  /** As the snapshot controller has it deleted: the annotation first. */
  async remove(name = 'c', { annotated = true } = {}): Promise<void> {
    const { client, clock } = this.plane;
    const body = { metadata: { annotations: { [beingDeleted]: 'yes' } } };
    if (annotated) await client.patch(volumeSnapshotContents, key(name), { type: 'merge', body });
    await client.delete(volumeSnapshotContents, key(name));
    await clock.settle();
  }

  async run(
    flags: SnapshotterOptions['flags'] = {},
    { client, driver = this.backend.driver }: { readonly client?: Client; readonly driver?: CsiDriver } = {},
  ): Promise<AsyncDisposable> {
    const component = 'csi-snapshotter fake.csi';
    const start = (options: Omit<SnapshotterOptions, 'driver'>) => startSnapshotter({ ...options, driver, flags });
    return await startOn(this.plane, component, start, client ?? this.plane.clientOf('csi-snapshotter'));
  }

  async find(name = 'c'): Promise<VolumeSnapshotContent | undefined> {
    return await this.plane.get(volumeSnapshotContents, key(name));
  }

  /** The status without the time of its error. */
  async status(name = 'c'): Promise<object | undefined> {
    const status = (await this.find(name))?.status;
    if (!status?.error) return status;
    return { ...status, error: status.error.message };
  }

  async isBeingCreated(name = 'c'): Promise<boolean> {
    return (await this.find(name))?.metadata.annotations?.[beingCreated] === 'yes';
  }

  async events(name = 'c'): Promise<string[]> {
    return await this.plane.eventsOf(name);
  }

  count(method: string): number {
    return this.backend.calls.filter((call) => call.method === method).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
  }
}
