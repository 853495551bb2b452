/** A scheduler over the real API server in virtual time, and the hands of everybody else who touches volumes. */
import {
  type Draft,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from '../../../src/api/index.ts';
import { type Client, createInformerFactory } from '../../../src/client/index.ts';
import { Scheduler, type SchedulerOptions } from '../../../src/scheduler/index.ts';
import { ControlPlane } from './control-plane.ts';
import { claimDraft, nodeDraft, podDraft, volumeDraft } from './objects.ts';

const component = 'default-scheduler';
const key = (name: string) => ({ namespace: 'default', name });

export class ScheduledVolumes implements AsyncDisposable {
  readonly plane: ControlPlane;
  /** Turned on by a test, throws before an update of this kind reaches the server. */
  readonly refused = new Map<string, () => Error | undefined>();

  private constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  /** With node n1; the scheduler is started by `run`. */
  static async start(): Promise<ScheduledVolumes> {
    const world = new ScheduledVolumes(await ControlPlane.start());
    await world.plane.client.create(nodes, nodeDraft('n1'));
    return world;
  }

  async run(options: Pick<SchedulerOptions, 'profiles'> = {}): Promise<void> {
    const { clock, random, logger } = this.plane;
    const client = this.#client();
    const informers = this.plane.use(createInformerFactory({ client, clock, logger, random }));
    const recorder = this.plane.recorder(component);
    const scheduler = this.plane.use(new Scheduler({ ...options, client, informers, recorder, clock, logger }));
    informers.start();
    await clock.settle();
    scheduler.start();
    await clock.settle();
  }

  #client(): Client {
    const real = this.plane.clientOf(component);
    return {
      ...real,
      update: async (type, object, options) => {
        const error = this.refused.get(`${type.kind} ${object.metadata.name}`)?.();
        if (error) throw error;
        return await real.update(type, object, options);
      },
    };
  }

  async createVolume(
    name: string,
    className: string,
    options: { node?: string } & Partial<PersistentVolume['spec']> = {},
  ) {
    const { node = 'n1', ...spec } = options;
    const draft = volumeDraft(name, className, node);
    const { metadata } = await this.plane.client.create(persistentVolumes, {
      ...draft,
      spec: { ...draft.spec, ...spec },
    });
    const body = { status: { phase: 'Available' } };
    await this.plane.client.patch(persistentVolumes, metadata, { type: 'merge', body }, { subresource: 'status' });
  }

  async createClaim(name: string, className: string, spec: Partial<PersistentVolumeClaim['spec']> = {}) {
    const draft = claimDraft(name, className);
    await this.plane.client.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, ...spec } });
  }

  async createPod(name: string, claims: readonly string[], more: Partial<Pod['spec']> = {}) {
    const draft = podDraft(name);
    const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
    await this.plane.client.create(pods, { ...draft, spec: { ...draft.spec, volumes, ...more } } satisfies Draft<Pod>);
    await this.plane.clock.settle();
  }

  /** What the PV controller would do: the claim names the volume, and is bound. */
  async bind(claimName: string, volumeName: string) {
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    await this.patchClaim(claimName, { metadata: { annotations }, spec: { volumeName } });
    await this.plane.clock.settle();
  }

  async patchClaim(name: string, body: object) {
    await this.plane.client.patch(persistentVolumeClaims, key(name), { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async patchVolume(name: string, body: object) {
    await this.plane.client.patch(persistentVolumes, { name }, { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async deletePod(name: string) {
    await this.plane.client.delete(pods, key(name), { gracePeriodSeconds: 0 });
    await this.plane.clock.settle();
  }

  /** Deletes the object and whatever keeps it. */
  async erase(type: typeof persistentVolumes | typeof persistentVolumeClaims, name: string) {
    const where = type.namespaced ? key(name) : { name };
    await this.plane.client.patch(type as never, where, { type: 'merge', body: { metadata: { finalizers: null } } });
    await this.plane.client.delete(type as never, where);
    await this.plane.clock.settle();
  }

  async nodeOf(podName: string): Promise<string | undefined> {
    return (await this.plane.get(pods, key(podName)))?.spec.nodeName;
  }

  async selectedFor(claimName: string): Promise<string | undefined> {
    const claim = await this.plane.get(persistentVolumeClaims, key(claimName));
    return claim?.metadata.annotations?.['volume.kubernetes.io/selected-node'];
  }

  async ownerOf(volumeName: string): Promise<string | undefined> {
    return (await this.plane.get(persistentVolumes, { name: volumeName }))?.spec.claimRef?.name;
  }

  async warningsOf(podName: string): Promise<string[]> {
    const prefix = 'Warning FailedScheduling ';
    const events = await this.plane.eventsOf(podName);
    return events.filter((event) => event.startsWith(prefix)).map((event) => event.slice(prefix.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
  }
}
