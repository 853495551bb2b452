/** A CSI driver's controller as functions, with the backend's truth to look at and faults to order. */

import type { Clock } from '../../../src/base/index.ts';
import {
  Code,
  Controller,
  ControllerCapability,
  CsiError,
  createCsiClient,
  directConnection,
  serve,
} from '../../../src/csi/index.ts';
import type { CsiDriver } from '../../../src/sidecars/index.ts';

export interface Call {
  readonly method: string;
  readonly subject: string;
}

export class FakeDriver {
  readonly name = 'fake.csi';
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
  /** What the volume was last modified to, by its id. */
  readonly attributes = new Map<string, Readonly<Record<string, string>>>();
  /** Whether a volume that has grown still has to grow on its node. */
  nodeExpansionRequired = true;
  readonly driver: CsiDriver;
  /** Hears of each call before it takes effect. */
  onCall: (call: Call) => void = () => {};
  /** Hears of each call after its effect, before the reply. */
  onReply: (call: Call) => void = () => {};

  constructor(clock: Clock, expansion: CsiDriver['expansion'] = 'controller') {
    const service = serve(Controller, {
      createVolume: async ({ name, capacityRange }) =>
        this.#act('CreateVolume', name, () => {
          const volumeId = this.volumes.get(name) ?? `id-${name}`;
          this.volumes.set(name, volumeId);
          this.sizes.set(volumeId, capacityRange?.requiredBytes ?? 0n);
          return { volume: { volumeId, capacityBytes: capacityRange?.requiredBytes ?? 0n } };
        }),
      deleteVolume: async ({ volumeId }) =>
        this.#act('DeleteVolume', volumeId, () => {
          for (const [name, id] of this.volumes) if (id === volumeId) this.volumes.delete(name);
          this.sizes.delete(volumeId);
          this.attributes.delete(volumeId);
          return {};
        }),
      controllerPublishVolume: async ({ volumeId, nodeId }) =>
        this.#act('ControllerPublishVolume', `${volumeId}@${nodeId}`, () => {
          this.published.add(`${volumeId}@${nodeId}`);
          return { publishContext: { device: '/dev/x' } };
        }),
      controllerUnpublishVolume: async ({ volumeId, nodeId }) =>
        this.#act('ControllerUnpublishVolume', `${volumeId}@${nodeId}`, () => {
          this.published.delete(`${volumeId}@${nodeId}`);
          return {};
        }),
      controllerExpandVolume: async ({ volumeId, capacityRange }) =>
        this.#act('ControllerExpandVolume', `${volumeId}=${capacityRange?.requiredBytes}`, () => {
          const capacityBytes = capacityRange?.requiredBytes ?? 0n;
          this.sizes.set(volumeId, capacityBytes);
          return { capacityBytes, nodeExpansionRequired: this.nodeExpansionRequired };
        }),
      controllerModifyVolume: async ({ volumeId, mutableParameters }) =>
        this.#act('ControllerModifyVolume', `${volumeId} ${JSON.stringify(mutableParameters)}`, () => {
          this.attributes.set(volumeId, mutableParameters);
          return {};
        }),
    });
    const connection = directConnection({ clock, services: [service] });
    this.driver = {
      name: this.name,
      plugin: { services: new Set(), expansion: undefined },
      controllerCapabilities: new Set([
        ControllerCapability.CREATE_DELETE_VOLUME,
        ControllerCapability.PUBLISH_UNPUBLISH_VOLUME,
        ControllerCapability.MODIFY_VOLUME,
        ...(expansion === 'controller' ? [ControllerCapability.EXPAND_VOLUME] : []),
      ]),
      controller: createCsiClient(Controller, connection, { timeoutMs: 10_000 }),
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

  #act<T>(method: string, subject: string, effect: () => T): T {
    const call = { method, subject };
    this.calls.push(call);
    this.onCall(call);
    const refusal = this.refusals.get(method)?.shift();
    if (refusal) throw refusal;
    const result = effect();
    this.onReply(call);
    const lost = this.lostReplies.get(method)?.shift();
    if (lost) throw lost;
    return result;
  }
}

export { Code };
