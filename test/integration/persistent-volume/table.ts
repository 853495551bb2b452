/**
 * Runs one case: objects in, the controller starts in virtual time against the real API, objects and events out. Every
 * end state must last: a minute later the pictures are the same, and at rest nothing has been written.
 */
import { expect, it } from 'vitest';
import {
  coreEvents,
  type Draft,
  type Node,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type StorageClass,
  storageClasses,
} from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';
import {
  type PersistentVolumeControllerOptions,
  startPersistentVolumeController,
  startVolumeProtectionController,
} from '../../../src/controllers/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { startOn } from '../support/controllers.ts';
import { FakePlugin } from './fake-plugin.ts';
import { type Fault, FaultyClient } from './faults.ts';
import type { GivenClaim, GivenVolume } from './objects.ts';
import { claimPicture, volumePicture } from './picture.ts';

export const component = 'persistentvolume-controller';

export type Settings = Omit<
  PersistentVolumeControllerOptions,
  'client' | 'informers' | 'recorder' | 'clock' | 'random' | 'logger'
>;

/** The objects that there are before the controller starts. */
export interface Given {
  readonly volumes?: readonly GivenVolume[];
  readonly claims?: readonly GivenClaim[];
  readonly classes?: readonly Draft<StorageClass>[];
  readonly pods?: readonly Draft<Pod>[];
  readonly nodes?: readonly Draft<Node>[];
}

export interface Case extends Given {
  readonly title: string;
  readonly faults?: readonly Fault[];
  readonly settings?: Settings;
  /** What the plugin's next calls throw. */
  readonly provisionErrors?: readonly Error[];
  readonly deleteErrors?: readonly Error[];
  /** The plugin may not provision. */
  readonly disabled?: boolean;
  /** What happens once the controller has settled. */
  readonly later?: (world: World) => Promise<void>;
  /** The pictures of all volumes, then of all claims, each by name. */
  readonly out: readonly string[];
  /** `name type reason` with as much of the message as matters, in order. None by default. */
  readonly events?: readonly string[];
  readonly check?: (world: World) => Promise<void> | void;
  /** Virtual time until everything has been retried that had to be. */
  readonly settleMs?: number;
  /** It goes on trying, and writes what it finds. */
  readonly restless?: boolean;
}

/** A control plane with the objects of a case. */
export class World {
  readonly plane: ControlPlane;
  readonly client: Client;
  readonly backend = new FakePlugin();

  constructor(plane: ControlPlane) {
    this.plane = plane;
    this.client = plane.client;
  }

  async createAll(given: Given): Promise<void> {
    for (const draft of given.classes ?? []) await this.client.create(storageClasses, draft);
    for (const draft of given.nodes ?? []) await this.client.create(nodes, draft);
    for (const one of given.claims ?? []) await this.createClaim(one);
    for (const one of given.volumes ?? []) await this.createVolume(one);
    for (const draft of given.pods ?? []) await this.client.create(pods, draft);
  }

  async createClaim({ draft, options }: GivenClaim): Promise<PersistentVolumeClaim> {
    const created = await this.client.create(persistentVolumeClaims, draft);
    const storage = options.capacity ?? (options.phase === 'Bound' ? (options.size ?? '1Gi') : undefined);
    if (options.deleting) await this.deleteClaim(created.metadata.name);
    if (options.phase === undefined && storage === undefined) return created;
    const current = await this.claim(created.metadata.name);
    const accessModes = options.phase === 'Bound' ? { accessModes: created.spec.accessModes ?? [] } : {};
    const capacity = storage === undefined ? {} : { capacity: { storage } };
    const status = { phase: options.phase ?? 'Pending', ...accessModes, ...capacity };
    return await this.client.updateStatus(persistentVolumeClaims, { ...current, status });
  }

  async createVolume({ draft, options }: GivenVolume): Promise<PersistentVolume> {
    const name = options.to ?? options.for ?? options.toGone;
    const uid = options.to ? (await this.claim(options.to)).metadata.uid : options.toGone && 'uid-of-a-claim-before';
    const reference = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default' };
    const claimRef = name === undefined ? {} : { claimRef: { ...reference, name, ...(uid ? { uid } : {}) } };
    const created = await this.client.create(persistentVolumes, { ...draft, spec: { ...draft.spec, ...claimRef } });
    if (options.deleting) await this.client.delete(persistentVolumes, created.metadata);
    const current = await this.volume(created.metadata.name);
    const phase = options.phase ?? 'Available';
    return await this.client.updateStatus(persistentVolumes, { ...current, status: { phase } });
  }

  async createClass(draft: Draft<StorageClass>): Promise<void> {
    await this.client.create(storageClasses, draft);
    await this.plane.clock.settle();
  }

  async makeDefault(name: string): Promise<void> {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    await this.client.patch(storageClasses, { name }, { type: 'merge', body: { metadata: { annotations } } });
    await this.plane.clock.settle();
  }

  volume(name: string): Promise<PersistentVolume> {
    return this.client.get(persistentVolumes, { name });
  }

  claim(name: string): Promise<PersistentVolumeClaim> {
    return this.client.get(persistentVolumeClaims, { namespace: 'default', name });
  }

  /** As if no finalizer held it. */
  async removeClaim(name: string): Promise<void> {
    await this.deleteClaim(name);
    const key = { namespace: 'default', name };
    const body = { metadata: { finalizers: null } };
    await this.client.patch(persistentVolumeClaims, key, { type: 'merge', body }).catch(() => {});
    await this.plane.clock.settle();
  }

  async deleteClaim(name: string): Promise<void> {
    await this.client.delete(persistentVolumeClaims, { namespace: 'default', name });
  }

  async deleteVolume(name: string): Promise<void> {
    await this.client.delete(persistentVolumes, { name });
  }

  /** The pod that empties the volume, if there is one. */
  recycler(volumeName: string): Promise<Pod | undefined> {
    return this.plane.get(pods, { namespace: 'default', name: `recycler-for-${volumeName}` });
  }

  /** What a kubelet does with the pod that empties the volume. */
  async endRecycler(volumeName: string, status: NonNullable<Pod['status']>): Promise<void> {
    const key = { namespace: 'default', name: `recycler-for-${volumeName}` };
    await this.client.patch(pods, key, { type: 'merge', body: { status } }, { subresource: 'status' });
    await this.plane.clock.settle();
  }

  /** As if no finalizer held it. */
  async removeVolume(name: string): Promise<void> {
    await this.client.delete(persistentVolumes, { name });
    await this.patchVolume(name, { metadata: { finalizers: null } }).catch(() => {});
    await this.plane.clock.settle();
  }

  async patchVolume(name: string, body: object): Promise<void> {
    await this.client.patch(persistentVolumes, { name }, { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async patchClaim(name: string, body: object): Promise<void> {
    await this.client.patch(persistentVolumeClaims, { namespace: 'default', name }, { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async pictures(): Promise<string[]> {
    const volumes = (await this.client.list(persistentVolumes)).items;
    const claims = (await this.client.list(persistentVolumeClaims)).items;
    return [
      ...volumes.map((volume) => volumePicture(volume, claims)).sort(),
      ...claims.map((claim) => claimPicture(claim)).sort(),
    ];
  }

  async events(): Promise<string[]> {
    await this.plane.clock.settle();
    const { items } = await this.client.list(coreEvents);
    return items
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .filter(({ source }) => source?.component === component)
      .map(({ involvedObject, type, reason, message }) => `${involvedObject.name} ${type} ${reason} ${message}`);
  }

  async revision(): Promise<string> {
    return (await this.client.list(persistentVolumes)).resourceVersion;
  }

  async start(settings: Settings = {}, client: Client = this.plane.clientOf(component)): Promise<AsyncDisposable> {
    const start = (options: PersistentVolumeControllerOptions) =>
      startPersistentVolumeController({ plugins: this.backend.plugins, ...settings, ...options });
    return await startOn(this.plane, component, start, client);
  }
}

/** Actual events, each cut down to what is expected in its place. */
function comparable(actual: readonly string[], expected: readonly string[]): readonly string[] {
  return actual.map((event, index) => {
    const wanted = expected[index];
    return wanted !== undefined && event.startsWith(wanted) ? wanted : event;
  });
}

export async function runCase(given: Case): Promise<void> {
  await using plane = await ControlPlane.start();
  const world = new World(plane);
  await world.createAll(given);
  const faulty = new FaultyClient(plane.clientOf(component), given.faults ?? []);
  await startOn(plane, 'pv-protection', startVolumeProtectionController);
  world.backend.disabled = given.disabled ?? false;
  world.backend.provisionErrors.push(...(given.provisionErrors ?? []));
  world.backend.deleteErrors.push(...(given.deleteErrors ?? []));
  for (const { draft } of given.volumes ?? []) world.backend.storage.add(draft.metadata.name ?? '');
  await world.start(given.settings, faulty.client);
  await given.later?.(world);
  await plane.clock.advance(given.settleMs ?? 1000);
  expect(await world.pictures()).toEqual(given.out);
  const { events = [] } = given;
  expect(comparable(await world.events(), events)).toEqual(events);
  expect(faulty.unmet).toEqual([]);
  await given.check?.(world);
  const revision = await world.revision();
  await plane.clock.advance(60_000);
  expect(await world.pictures()).toEqual(given.out);
  if (!given.restless) expect(await world.revision()).toBe(revision);
}

export function runTable(cases: readonly Case[]): void {
  for (const given of cases) it(given.title, () => runCase(given));
}
