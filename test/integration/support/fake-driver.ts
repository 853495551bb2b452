/** A CSI driver's controller as functions, with the backend's truth to look at and faults to order. */

import type { Clock } from '../../../src/base/index.ts';
import {
  Code,
  Controller,
  ControllerCapability,
  CsiError,
  createCsiClient,
  directConnection,
  PluginService,
  serve,
} from '../../../src/csi/index.ts';
import { type CsiDriver, oneCallPerVolume } from '../../../src/sidecars/index.ts';
import { FakeSnapshots } from './fake-snapshots.ts';

export interface Call {
  readonly method: string;
  readonly subject: string;
}

/** How a driver that stands for a real one differs from the plain fake. */
export interface FakeIdentity {
  readonly name: string;
  readonly volumeIdOf: (name: string) => string;
  /** The volume that is meant by an id that leaves something open. */
  readonly resolveId: (volumeId: string) => string;
  /** Where every volume can be reached from. */
  readonly topology: Readonly<Record<string, string>>;
}

const plainIdentity: FakeIdentity = {
  name: 'fake.csi',
  volumeIdOf: (name) => `id-${name}`,
  resolveId: (volumeId) => volumeId,
  topology: {},
};

type ContentSource =
  | { readonly case: 'volume'; readonly value: { readonly volumeId: string } }
  | { readonly case: 'snapshot'; readonly value: { readonly snapshotId: string } }
  | { readonly case: undefined; readonly value?: undefined };

export interface CreateRequest {
  readonly parameters: Readonly<Record<string, string>>;
  readonly requisite: readonly Readonly<Record<string, string>>[];
}

export class FakeDriver {
  readonly name: string;
  readonly calls: Call[] = [];
  /** Volume ids by name. */
  readonly volumes = new Map<string, string>();
  /** `volume@node` */
  readonly published = new Set<string>();
  /** Thrown by the next calls of a method, after their effect. */
  readonly lostReplies = new Map<string, CsiError[]>();
  /** Thrown by the next calls of a method, before any effect. */
  readonly refusals = new Map<string, CsiError[]>();
  /** Sizes by volume id, in bytes. */
  readonly sizes = new Map<string, bigint>();
  /** What CreateVolume was last asked for, by the volume's name. */
  readonly requests = new Map<string, CreateRequest>();
  /** Every request of CreateVolume as it came, in JSON. */
  readonly creations: string[] = [];
  /** The secrets that came with the last call of a method. */
  readonly secrets = new Map<string, Readonly<Record<string, string>>>();
  /** Those of `published` that may only be read. */
  readonly publishedReadOnly = new Set<string>();
  /** What CreateVolume answers as the size of a volume, given the size it was asked for. */
  sizeOf: (requiredBytes: bigint) => bigint = (requiredBytes) => requiredBytes;
  /** What volumes are filled from, by their ids. */
  readonly contents = new Map<string, string>();
  /** Ids of snapshots that volumes can be filled from. */
  readonly snapshots = new Set<string>();
  /** Whether CreateVolume tells what it filled the volume from. */
  tellsContent = true;
  /** What GetCapacity answers for a segment and the parameters of a class, in bytes. */
  capacityOf: (
    segment: Readonly<Record<string, string>>,
    parameters: Readonly<Record<string, string>>,
  ) => { readonly availableCapacity: bigint; readonly maximumVolumeSize?: bigint } = () => ({
    availableCapacity: 1n << 40n,
  });
  /** What the volume was last modified to, by its id. */
  readonly attributes = new Map<string, Readonly<Record<string, string>>>();
  readonly snapshotted = new FakeSnapshots(this.snapshots);
  /** Makes the volume appear on the node, and tells where. */
  plug: (volumeId: string, node: string) => string = () => '/dev/x';
  /** Whether a volume that has grown still has to grow on its node. */
  nodeExpansionRequired = true;
  /** Where the next volumes can be reached from. */
  topology: Readonly<Record<string, string>>;
  /** Volumes are made in the place that is preferred most, instead of where `topology` says. */
  obeysPreference = false;
  readonly driver: CsiDriver;
  /** How long a call takes before it has its effect, in milliseconds. */
  latencyMs = 0;
  /** Calls that came while another for the same volume was being carried out. */
  readonly overlaps: Call[] = [];
  readonly #inFlight: string[] = [];
  readonly #clock: Clock;
  /** Hears of each call before it takes effect. */
  onCall: (call: Call) => void = () => {};
  /** Hears of each call after its effect, before the reply. */
  onReply: (call: Call) => void = () => {};

  constructor(clock: Clock, expansion: CsiDriver['expansion'] = 'controller', identity = plainIdentity) {
    this.#clock = clock;
    const { resolveId } = identity;
    this.topology = identity.topology;
    const isPlaced = Object.keys(this.topology).length > 0;
    this.name = identity.name;
    const service = serve(Controller, {
      createVolume: async ({ $typeName: _, ...request }) =>
        this.#act('CreateVolume', request.name, () => {
          const { name, capacityRange, parameters, mutableParameters, accessibilityRequirements } = request;
          const contentSource = request.volumeContentSource;
          this.#heardOf('CreateVolume', request);
          const volumeId = this.volumes.get(name) ?? identity.volumeIdOf(name);
          if (contentSource && !this.volumes.has(name)) this.#fill(volumeId, contentSource.type);
          const requisite = accessibilityRequirements?.requisite.map(({ segments }) => segments) ?? [];
          this.requests.set(name, { parameters, requisite });
          this.volumes.set(name, volumeId);
          const capacityBytes = this.sizeOf(capacityRange?.requiredBytes ?? 0n);
          this.sizes.set(volumeId, capacityBytes);
          if (Object.keys(mutableParameters).length > 0) this.attributes.set(volumeId, mutableParameters);
          const preferred = this.obeysPreference ? accessibilityRequirements?.preferred[0]?.segments : undefined;
          const accessibleTopology = isPlaced ? [{ segments: preferred ?? { ...this.topology } }] : [];
          const filled = contentSource && this.tellsContent ? { contentSource } : {};
          return { volume: { volumeId, capacityBytes, accessibleTopology, ...filled } };
        }),
      deleteVolume: async ({ volumeId, secrets }) =>
        this.#act('DeleteVolume', volumeId, () => {
          this.secrets.set('DeleteVolume', secrets);
          for (const [name, id] of this.volumes) if (id === resolveId(volumeId)) this.volumes.delete(name);
          this.sizes.delete(resolveId(volumeId));
          this.contents.delete(resolveId(volumeId));
          this.attributes.delete(volumeId);
          return {};
        }),
      controllerPublishVolume: async ({ volumeId, nodeId, readonly, secrets }) =>
        this.#act('ControllerPublishVolume', `${volumeId}@${nodeId}`, () => {
          this.secrets.set('ControllerPublishVolume', secrets);
          if (readonly) this.publishedReadOnly.add(`${volumeId}@${nodeId}`);
          else this.publishedReadOnly.delete(`${volumeId}@${nodeId}`);
          this.published.add(`${volumeId}@${nodeId}`);
          return { publishContext: { device: this.plug(volumeId, nodeId) } };
        }),
      controllerUnpublishVolume: async ({ volumeId, nodeId, secrets }) =>
        this.#act('ControllerUnpublishVolume', `${volumeId}@${nodeId}`, () => {
          this.secrets.set('ControllerUnpublishVolume', secrets);
          this.published.delete(`${volumeId}@${nodeId}`);
          return {};
        }),
      controllerExpandVolume: async ({ volumeId, capacityRange, secrets }) =>
        this.#act('ControllerExpandVolume', `${volumeId}=${capacityRange?.requiredBytes}`, () => {
          this.secrets.set('ControllerExpandVolume', secrets);
          const capacityBytes = capacityRange?.requiredBytes ?? 0n;
          this.sizes.set(resolveId(volumeId), capacityBytes);
          return { capacityBytes, nodeExpansionRequired: this.nodeExpansionRequired };
        }),
      getCapacity: async ({ parameters, accessibleTopology }) =>
        this.#act('GetCapacity', JSON.stringify(accessibleTopology?.segments ?? {}), () =>
          this.capacityOf(accessibleTopology?.segments ?? {}, parameters),
        ),
      controllerModifyVolume: async ({ volumeId, mutableParameters, secrets }) =>
        this.#act('ControllerModifyVolume', `${volumeId} ${JSON.stringify(mutableParameters)}`, () => {
          this.secrets.set('ControllerModifyVolume', secrets);
          this.attributes.set(volumeId, mutableParameters);
          return {};
        }),
      createSnapshot: async (request) =>
        this.#act('CreateSnapshot', `${request.sourceVolumeId}=${request.name}`, () =>
          this.snapshotted.create(request),
        ),
      deleteSnapshot: async (request) =>
        this.#act('DeleteSnapshot', request.snapshotId, () => this.snapshotted.delete(request)),
      listSnapshots: async (request) =>
        this.#act('ListSnapshots', request.snapshotId, () => this.snapshotted.list(request)),
    });
    const connection = directConnection({ clock, services: [service] });
    this.driver = {
      name: this.name,
      plugin: {
        services: new Set(isPlaced ? [PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS] : []),
        expansion: undefined,
      },
      controllerCapabilities: new Set([
        ControllerCapability.CREATE_DELETE_VOLUME,
        ControllerCapability.PUBLISH_UNPUBLISH_VOLUME,
        ControllerCapability.MODIFY_VOLUME,
        ControllerCapability.CLONE_VOLUME,
        ControllerCapability.CREATE_DELETE_SNAPSHOT,
        ControllerCapability.LIST_SNAPSHOTS,
        ControllerCapability.GET_CAPACITY,
        ...(expansion === 'controller' ? [ControllerCapability.EXPAND_VOLUME] : []),
      ]),
      controller: oneCallPerVolume(createCsiClient(Controller, connection, { timeoutMs: 10_000 })),
      expansion,
    };
  }

  methods(): string[] {
    return this.calls.map(({ method }) => method);
  }

  fail(kind: 'refusals' | 'lostReplies', method: string, ...codes: number[]): void {
    this[kind].set(
      method,
      codes.map((code) => new CsiError(code, 'ordered by the test')),
    );
  }

  #fill(volumeId: string, from: ContentSource): void {
    const source = from.case === 'volume' ? from.value.volumeId : (from.value?.snapshotId ?? '');
    const exists = from.case === 'volume' ? this.sizes.has(source) : this.snapshots.has(source);
    if (!exists) throw new CsiError(Code.NOT_FOUND, `there is no ${from.case} ${source}`);
    this.contents.set(volumeId, source);
  }

  #heardOf(method: string, { secrets, ...request }: { readonly secrets: Readonly<Record<string, string>> }): void {
    this.secrets.set(method, secrets);
    const text = JSON.stringify(request, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
    this.creations.push(text);
  }

  async #act<T>(method: string, subject: string, effect: () => T): Promise<T> {
    const call = { method, subject };
    this.calls.push(call);
    this.onCall(call);
    if (this.latencyMs > 0) await this.#take(call);
    const refusal = this.refusals.get(method)?.shift();
    if (refusal) throw refusal;
    const result = effect();
    this.onReply(call);
    const lost = this.lostReplies.get(method)?.shift();
    if (lost) throw lost;
    return result;
  }

  async #take(call: Call): Promise<void> {
    const [volume = ''] = call.subject.split(/[@= ]/);
    if (this.#inFlight.includes(volume)) this.overlaps.push(call);
    this.#inFlight.push(volume);
    await this.#clock.sleep(this.latencyMs);
    this.#inFlight.splice(this.#inFlight.indexOf(volume), 1);
  }
}

export { Code };
