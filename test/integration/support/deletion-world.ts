/** Pods with volumes on two nodes, everything that works on them, and a user who deletes what there is in any order. */
import {
  csiDrivers,
  csiNodes,
  type Draft,
  isNotFound,
  type KubernetesObject,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type ResourceType,
  storageClasses,
  volumeAttachments,
} from '../../../src/api/index.ts';
import { type ControlLoops, startControlLoops } from './control-loops.ts';
import { ControlPlane } from './control-plane.ts';
import { FakeDriver } from './fake-driver.ts';
import { FakeKubelet } from './fake-kubelet.ts';
import { claimDraft, classDraft, podDraft } from './objects.ts';

const namespace = 'default';

/** Pods by the nodes that they run on. Each has a claim of its name. */
const places = { p0: 'n1', p1: 'n1', p2: 'n2', static: 'n2' } as const;
type PodName = keyof typeof places;
const podNames = Object.keys(places) as PodName[];
const nodeNames = ['n1', 'n2'];

export const deletions = [
  ...podNames.flatMap((name) => [`pod ${name}`, `claim ${name}`, `volume ${name}`, `attachment ${name}`] as const),
  ...nodeNames.flatMap((name) => [`node ${name}`, `csinode ${name}`] as const),
  'driver',
  'class',
] as const;
export type Deletion = (typeof deletions)[number];

export class DeletionWorld implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
  readonly kubelets = new Map<string, FakeKubelet>();
  readonly #seed: number;
  #loops: ControlLoops | undefined;
  #volumeOf = new Map<string, string>();
  readonly #deleted = new Set<Deletion>();

  private constructor(plane: ControlPlane, seed: number) {
    this.plane = plane;
    this.backend = new FakeDriver(plane.clock);
    this.#seed = seed;
  }

  /** Every pod runs. The components' calls and watches are late, differently for each seed. */
  static async start(seed: number): Promise<DeletionWorld> {
    const world = new DeletionWorld(await ControlPlane.start(), seed);
    const { plane, backend } = world;
    const { client } = plane;
    await client.create(csiDrivers, { metadata: { name: backend.name }, spec: { attachRequired: true } });
    await client.create(storageClasses, classDraft('now', 'Immediate'));
    for (const name of nodeNames) world.kubelets.set(name, await FakeKubelet.start(plane, name, backend.name));
    await client.create(persistentVolumes, {
      metadata: { name: 'static' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: backend.name, volumeHandle: 'h-static' },
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'by-hand',
      },
    });
    for (const name of podNames) {
      await client.create(persistentVolumeClaims, claimDraft(name, name === 'static' ? 'by-hand' : 'now'));
      const draft = podDraft(name, name);
      const nodeSelector = { 'kubernetes.io/hostname': places[name] };
      await client.create(pods, { ...draft, spec: { ...draft.spec, nodeSelector } } as Draft<Pod>);
    }
    await plane.run();
    await world.restart();
    const runs = async () => (await client.list(pods)).items.every(({ status }) => status?.phase === 'Running');
    await plane.clock.until(runs, 120_000, 'every pod running');
    for (const { metadata, spec } of (await client.list(persistentVolumeClaims)).items)
      world.#volumeOf.set(metadata.name, spec.volumeName ?? '');
    return world;
  }

  /** Everything that works on the objects dies and is started again. */
  async restart(): Promise<void> {
    await this.#stop();
    this.#loops = await startControlLoops(this.plane, { backend: this.backend, seed: this.#seed });
  }

  async delete(what: Deletion): Promise<void> {
    const [kind, name = ''] = what.split(' ');
    this.#deleted.add(what);
    switch (kind) {
      case 'pod':
        return await this.#remove(pods, { namespace, name });
      case 'claim':
        return await this.#remove(persistentVolumeClaims, { namespace, name });
      case 'volume':
        return await this.#remove(persistentVolumes, { name: this.#volumeOf.get(name) ?? '' });
      case 'attachment':
        return await this.#deleteAttachments(this.#volumeOf.get(name) ?? '');
      case 'node':
        // Its machine is gone: nobody would come back and say that it is there.
        this.kubelets.get(name)?.die();
        return await this.#remove(nodes, { name });
      case 'csinode':
        return await this.#remove(csiNodes, { name });
      case 'driver':
        return await this.#remove(csiDrivers, { name: this.backend.name });
      default:
        return await this.#remove(storageClasses, { name: 'now' });
    }
  }

  /** How long it may take until nothing is left of what nobody wants. */
  get boundMs(): number {
    const isNodeGone = nodeNames.some((name) => this.#deleted.has(`node ${name}` as Deletion));
    // Such pods are looked for every 20 s, gone for 40 s at least, and their volumes stay until their agent is silent.
    return isNodeGone ? 180_000 : 30_000;
  }

  /** What is there and should not be. */
  async problems(): Promise<string[]> {
    const { client } = this.plane;
    const running = (await client.list(pods)).items;
    const users = (claimName: string | undefined) =>
      running.filter(({ spec }) =>
        spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claimName),
      );
    const volumes = new Map((await client.list(persistentVolumes)).items.map((one) => [one.metadata.name, one]));
    const attachments = (await client.list(volumeAttachments)).items;
    const claims = (await client.list(persistentVolumeClaims)).items;
    const claimUids = new Set(claims.map(({ metadata }) => metadata.uid));
    const wanted = (volumeName: string, node: string) =>
      users(volumes.get(volumeName)?.spec.claimRef?.name).some(({ spec }) => spec.nodeName === node);
    const problems: string[] = [];
    for (const { metadata, spec } of attachments) {
      const { persistentVolumeName = '' } = spec.source;
      if (!wanted(persistentVolumeName, spec.nodeName)) problems.push(`L4 attachment ${metadata.name} has no consumer`);
    }
    for (const place of this.backend.published) {
      const [handle, node = ''] = place.split('@');
      const volume = [...volumes.values()].find(({ spec }) => spec.csi?.volumeHandle === handle);
      if (!volume || !wanted(volume.metadata.name, node)) problems.push(`L4 ${place} is published without a consumer`);
    }
    for (const { metadata } of claims) {
      if (metadata.deletionTimestamp && users(metadata.name).length === 0)
        problems.push(`L6 claim ${metadata.name} is held by ${metadata.finalizers?.join()}`);
    }
    for (const { metadata, spec } of volumes.values()) {
      if (metadata.deletionTimestamp && !claimUids.has(spec.claimRef?.uid ?? ''))
        problems.push(`L6 volume ${metadata.name} is held by ${metadata.finalizers?.join()}`);
      if (spec.persistentVolumeReclaimPolicy === 'Delete' && !claimUids.has(spec.claimRef?.uid ?? ''))
        problems.push(`L5 volume ${metadata.name} outlives its claim`);
    }
    for (const id of this.backend.volumes.values()) {
      if (![...volumes.values()].some(({ spec }) => spec.csi?.volumeHandle === id)) problems.push(`L5 ${id} is leaked`);
    }
    return problems;
  }

  /** What is left of all that was created. */
  async remains(): Promise<string[]> {
    const kinds: readonly ResourceType<KubernetesObject>[] = [
      pods,
      persistentVolumeClaims,
      persistentVolumes,
      volumeAttachments,
      nodes,
      csiNodes,
    ];
    const lists = await Promise.all(kinds.map((type) => this.plane.client.list(type)));
    const objects = lists.flatMap(({ items }, index) =>
      items.map(({ metadata }) => `${kinds[index]?.kind} ${metadata.name} ${metadata.finalizers ?? ''}`),
    );
    return [...objects, ...this.backend.published, ...this.backend.volumes.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const kubelet of this.kubelets.values()) kubelet.die();
    await this.#stop();
    await this.plane[Symbol.asyncDispose]();
  }

  /** Late calls are under way: time must pass for them to end. */
  async #stop(): Promise<void> {
    const stopping = this.#loops?.[Symbol.asyncDispose]();
    await this.plane.clock.advance(20_000);
    await stopping;
    this.#loops = undefined;
  }

  async #deleteAttachments(volumeName: string): Promise<void> {
    for (const { metadata, spec } of (await this.plane.client.list(volumeAttachments)).items) {
      if (spec.source.persistentVolumeName === volumeName) await this.#remove(volumeAttachments, metadata);
    }
  }

  async #remove<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: { readonly namespace?: string | undefined; readonly name: string },
  ): Promise<void> {
    await this.plane.client.delete(type, key).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
