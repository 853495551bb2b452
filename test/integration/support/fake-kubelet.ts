/**
 * What a node does, as far as the control plane can see it: reports volumes in use, waits for their attachment, then
 * shows pods as running; lets a deleted pod go after its volumes are unmounted.
 */
import {
  type CSIPersistentVolumeSource,
  csiNodes,
  isAlreadyExists,
  isInvalid,
  isNotFound,
  leases,
  type Node,
  namespaces,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from '../../../src/api/index.ts';
import { microTimestamp } from '../../../src/base/index.ts';
import type { Client } from '../../../src/client/index.ts';
import {
  annControllerManagedAttach,
  annMigratedPlugins,
  findCsiSource,
  findInlineMigration,
  MigrationError,
  migratedPlugins,
  podClaims,
  resizeStatusOf,
  translateInlineVolumeToCsi,
  withFinishedResize,
} from '../../../src/component-helpers/index.ts';
import type { ControlPlane } from './control-plane.ts';
import { nodeDraft } from './objects.ts';

function uniqueNameOf({ driver, volumeHandle }: CSIPersistentVolumeSource): string {
  return `kubernetes.io/csi/${driver}^${volumeHandle}`;
}

const leaseNamespace = 'kube-node-lease';
const leasePeriodMs = 10_000;
const startedPhases: ReadonlySet<string> = new Set(['Running', 'Succeeded', 'Failed']);

/** What the server holds and would not take, or nobody can make sense of, is left alone. */
function ignoreInvalid(error: unknown): void {
  const isOdd = isInvalid(error) || isNotFound(error) || error instanceof MigrationError;
  if (!isOdd) throw error;
}

export class FakeKubelet {
  readonly #plane: ControlPlane;
  readonly #client: Client;
  readonly #name: string;
  /** Unique names of volumes that are reported as in use, because they are mounted or soon will be, by pod uid. */
  readonly inUse = new Map<string, string[]>();
  /** Those of them that are mounted. */
  readonly mounted = new Map<string, string[]>();
  #busy = Promise.resolve();
  readonly #stop = new AbortController();

  private constructor(plane: ControlPlane, name: string) {
    this.#plane = plane;
    this.#client = plane.clientOf('kubelet');
    this.#name = name;
  }

  static async start(
    plane: ControlPlane,
    name: string,
    driver: string,
    topology: Readonly<Record<string, string>> = {},
    labels: Readonly<Record<string, string>> = {},
  ): Promise<FakeKubelet> {
    const kubelet = new FakeKubelet(plane, name);
    const draft = nodeDraft(name, { ...topology, ...labels });
    await kubelet.#client.create(nodes, {
      ...draft,
      metadata: { ...draft.metadata, annotations: { [annControllerManagedAttach]: 'true' } },
      status: { ...draft.status, conditions: [{ type: 'Ready', status: 'True' }] },
    });
    await kubelet.#keepLease();
    await kubelet.#client.create(csiNodes, {
      metadata: { name, annotations: { [annMigratedPlugins]: migratedPlugins.join(',') } },
      spec: { drivers: [{ name: driver, nodeID: name, topologyKeys: Object.keys(topology) }] },
    });
    const look = () => kubelet.#look();
    const handler = { onAdd: look, onUpdate: look, onDelete: look };
    plane.informers.informer(pods).addHandler(handler);
    plane.informers.informer(nodes).addHandler(handler);
    plane.informers.informer(persistentVolumeClaims).addHandler({ onUpdate: look });
    plane.informers.informer(persistentVolumes);
    return kubelet;
  }

  /** Says that it lives, as long as the plane does. */
  async #keepLease(): Promise<void> {
    const { clock } = this.#plane;
    const client = this.#client;
    const key = { namespace: leaseNamespace, name: this.#name };
    await client.create(namespaces, { metadata: { name: leaseNamespace }, spec: {} }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    await client.create(leases, { metadata: key, spec: { holderIdentity: this.#name } });
    const stop = this.#stop;
    const renew = async () => {
      while (!stop.signal.aborted) {
        const body = { spec: { renewTime: microTimestamp(clock) } };
        await client.patch(leases, key, { type: 'merge', body });
        await clock.sleep(leasePeriodMs, stop.signal).catch(() => {});
      }
    };
    const renewing = renew();
    this.#plane.use({
      async [Symbol.asyncDispose]() {
        stop.abort();
        await renewing;
      },
    });
  }

  /** The machine loses its power: nothing is heard of it any more, and what it had mounted is gone. */
  die(): void {
    this.#stop.abort();
    this.inUse.clear();
    this.mounted.clear();
  }

  /** Ends a pod of this node as its containers would, when all they had to do is done. */
  async end(name: string): Promise<void> {
    const pod = this.#plane.informers.informer(pods).get(`default/${name}`);
    if (pod?.spec.nodeName !== this.#name) return;
    this.#unmount(pod.metadata.uid);
    const body = { status: { phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False' }] } };
    await this.#client.patch(pods, pod.metadata, { type: 'merge', body }, { subresource: 'status' });
  }

  #look(): void {
    if (this.#stop.signal.aborted) return;
    this.#busy = this.#busy.then(() => this.#sync()).catch(() => this.#look());
  }

  async #sync(): Promise<void> {
    const { informers } = this.#plane;
    const client = this.#client;
    const node = informers.informer(nodes).get(this.#name);
    if (!node) return;
    const mine = informers
      .informer(pods)
      .list()
      .filter(({ spec }) => spec.nodeName === this.#name);
    for (const pod of mine) await this.#syncPod(pod, node).catch(ignoreInvalid);
    for (const pod of mine) if (pod.status?.phase === 'Running') await this.#grow(pod).catch(ignoreInvalid);
    for (const uid of this.inUse.keys()) if (!mine.some(({ metadata }) => metadata.uid === uid)) this.#unmount(uid);
    const inUse = [...new Set([...this.inUse.values()].flat())].sort();
    if (JSON.stringify(inUse) !== JSON.stringify(node.status?.volumesInUse ?? [])) {
      await client.patch(
        nodes,
        { name: this.#name },
        { type: 'merge', body: { status: { volumesInUse: inUse } } },
        { subresource: 'status' },
      );
    }
  }

  async #syncPod(pod: Pod, node: Node): Promise<void> {
    if (pod.metadata.deletionTimestamp) await this.#remove(pod);
    else if (!startedPhases.has(pod.status?.phase ?? '')) await this.#start(pod, node);
  }

  async #start(pod: Pod, node: Node): Promise<void> {
    const wanted = this.#volumesOf(pod);
    if (!wanted) return;
    this.inUse.set(pod.metadata.uid, wanted);
    const attached = new Set(node.status?.volumesAttached?.map(({ name }) => name));
    const inUse = new Set(node.status?.volumesInUse);
    // In use first, then attached: the order that lets neither side act on what the other has just given up.
    if (!wanted.every((name) => attached.has(name) && inUse.has(name))) return;
    this.mounted.set(pod.metadata.uid, wanted);
    const conditions = [{ type: 'Ready', status: 'True' }];
    const body = { status: { phase: 'Running', conditions } };
    await this.#client.patch(pods, pod.metadata, { type: 'merge', body }, { subresource: 'status' });
  }

  /** Does the node's part for volumes that have grown. */
  async #grow(pod: Pod): Promise<void> {
    const { informers } = this.#plane;
    const client = this.#client;
    for (const { claimName } of podClaims(pod)) {
      const claim = informers.informer(persistentVolumeClaims).get(`${pod.metadata.namespace}/${claimName}`);
      if (!claim || resizeStatusOf(claim) !== 'NodeResizePending') continue;
      const size = informers.informer(persistentVolumes).get(claim.spec.volumeName ?? '')?.spec.capacity?.storage;
      if (size) await client.updateStatus(persistentVolumeClaims, withFinishedResize(claim, size));
    }
  }

  #unmount(uid: string): void {
    this.mounted.delete(uid);
    this.inUse.delete(uid);
  }

  async #remove(pod: Pod): Promise<void> {
    this.#unmount(pod.metadata.uid);
    await this.#client.delete(pods, pod.metadata, {
      gracePeriodSeconds: 0,
      preconditions: { uid: pod.metadata.uid },
    });
  }

  /** The unique names of the pod's volumes; undefined while a claim is not bound. */
  #volumesOf(pod: Pod): string[] | undefined {
    const { informers } = this.#plane;
    const names: string[] = [];
    for (const { claimName } of podClaims(pod)) {
      const claim = informers.informer(persistentVolumeClaims).get(`${pod.metadata.namespace}/${claimName}`);
      const volume = informers.informer(persistentVolumes).get(claim?.spec.volumeName ?? '');
      if (volume?.spec.flexVolume) {
        names.push(`${volume.spec.flexVolume.driver}/${volume.metadata.name}`);
        continue;
      }
      const source = volume && findCsiSource(volume);
      if (!source) return undefined;
      names.push(uniqueNameOf(source));
    }
    for (const volume of (pod.spec.volumes ?? []).filter(findInlineMigration)) {
      const { csi } = translateInlineVolumeToCsi(volume, pod.metadata.namespace ?? '').spec;
      if (csi) names.push(uniqueNameOf(csi));
    }
    return names;
  }
}
