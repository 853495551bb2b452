/** Two nodes, a driver with its attacher, and what agents, users and schedulers write around an attachment. */
import {
  csiNodes,
  isAlreadyExists,
  leases,
  type Node,
  namespaces,
  nodes,
  type PersistentVolumeSpec,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { type AttachDetachControllerOptions, startAttachDetachController } from '../../../src/controllers/index.ts';
import { type CsiDriver, startAttacher } from '../../../src/sidecars/index.ts';
import { ControlPlane } from './control-plane.ts';
import { startOn } from './controllers.ts';
import { FakeDriver } from './fake-driver.ts';
import { nodeDraft, podDraft } from './objects.ts';

/** The name that the controller goes by at the API server. */
export const attachComponent = 'attachdetach-controller';
export const managed = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
/** A volume's name in a node's status. */
export const volumeName = (handle: string) => `kubernetes.io/csi/fake.csi^${handle}`;

const leaseNamespace = 'kube-node-lease';

export type PublishVolume = CsiDriver['controller']['controllerPublishVolume'];
export type AttachOptions = Partial<AttachDetachControllerOptions>;

export class AttachWorld implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.backend = new FakeDriver(plane.clock);
  }

  static async start(): Promise<AttachWorld> {
    const world = new AttachWorld(await ControlPlane.start());
    for (const name of ['n1', 'n2']) await world.createNode(name);
    return world;
  }

  async createNode(name: string, annotations: Record<string, string> = managed): Promise<void> {
    await this.createNodeObject(name, annotations);
    await this.setReady(name, 'True');
    const spec = { drivers: [{ name: 'fake.csi', nodeID: name }] };
    await this.plane.client.create(csiNodes, { metadata: { name }, spec });
  }

  /** Without a word of its agent. */
  async createNodeObject(name: string, annotations: Record<string, string> = managed): Promise<void> {
    const draft = nodeDraft(name);
    await this.plane.client.create(nodes, { ...draft, metadata: { ...draft.metadata, annotations } });
  }

  /** A claim bound to a volume of the driver, both named alike. */
  async createVolume(
    name: string,
    accessModes = ['ReadWriteOnce'],
    namespace = 'default',
    source: Partial<PersistentVolumeSpec> = { csi: { driver: 'fake.csi', volumeHandle: `h-${name}` } },
  ): Promise<void> {
    const { client } = this.plane;
    const capacity = { storage: '1Gi' };
    const claim = await client.create(persistentVolumeClaims, {
      metadata: { namespace, name },
      spec: { accessModes, storageClassName: '', resources: { requests: capacity }, volumeName: name },
    });
    await client.updateStatus(persistentVolumeClaims, { ...claim, status: { phase: 'Bound', accessModes, capacity } });
    await client.create(persistentVolumes, {
      metadata: { name },
      spec: {
        accessModes,
        capacity,
        ...source,
        claimRef: { namespace, name, uid: claim.metadata.uid },
      },
    });
  }

  async createPod(name: string, nodeName: string, claimName = 'v', namespace = 'default'): Promise<void> {
    const draft = podDraft(name, claimName);
    const metadata = { ...draft.metadata, namespace };
    await this.plane.client.create(pods, { ...draft, metadata, spec: { ...draft.spec, nodeName } });
    await this.plane.clock.settle();
  }

  async deletePod(name: string, namespace = 'default'): Promise<void> {
    await this.plane.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
    await this.plane.clock.settle();
  }

  async endPod(name: string): Promise<void> {
    const patch = { type: 'merge', body: { status: { phase: 'Succeeded' } } } as const;
    await this.plane.client.patch(pods, { namespace: 'default', name }, patch, { subresource: 'status' });
    await this.plane.clock.settle();
  }

  /** What a node's agent does: it says what it uses. */
  async reportInUse(node: string, ...volumesInUse: string[]): Promise<void> {
    await this.#patchStatus(node, { volumesInUse });
  }

  async setReady(node: string, status: string): Promise<void> {
    await this.#patchStatus(node, { conditions: [{ type: 'Ready', status }] });
  }

  async taintOutOfService(node: string): Promise<void> {
    const body = { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } };
    await this.plane.client.patch(nodes, { name: node }, { type: 'merge', body });
    await this.plane.clock.settle();
  }

  async deleteNode(name: string): Promise<void> {
    await this.plane.client.delete(nodes, { name });
    await this.plane.clock.settle();
  }

  /** A sign of life of the node's agent. */
  async renewLease(node: string): Promise<void> {
    const { client, clock } = this.plane;
    const key = { namespace: leaseNamespace, name: node };
    const spec = {
      holderIdentity: node,
      leaseDurationSeconds: 40,
      renewTime: new Date(clock.now()).toISOString(),
    };
    await client.create(namespaces, { metadata: { name: leaseNamespace }, spec: {} }).catch(ignoreExisting);
    await client.create(leases, { metadata: key, spec }).catch(async (error: unknown) => {
      ignoreExisting(error);
      await client.patch(leases, key, { type: 'merge', body: { spec } });
    });
    await clock.settle();
  }

  async deleteLease(node: string): Promise<void> {
    await this.plane.client.delete(leases, { namespace: leaseNamespace, name: node });
  }

  /** What the node is told it has. */
  async attached(node: string): Promise<string[]> {
    const { status } = await this.plane.client.get(nodes, { name: node });
    return status?.volumesAttached?.map(({ name }) => name) ?? [];
  }

  async attachments() {
    return (await this.plane.client.list(volumeAttachments)).items;
  }

  /** What is attached in truth, as `handle@node`. */
  published(): string[] {
    return [...this.backend.published].sort();
  }

  async start(options: AttachOptions = {}, client?: Client): Promise<AsyncDisposable> {
    const start = startAttachDetachController;
    return await startOn(this.plane, attachComponent, (given) => start({ ...given, ...options }), client);
  }

  async startAttacher(driver = this.backend.driver): Promise<AsyncDisposable> {
    return await startOn(this.plane, 'external-attacher', (given) => startAttacher({ ...given, driver }));
  }

  async startWithAttacher(options: AttachOptions = {}): Promise<AsyncDisposable> {
    await this.startAttacher();
    return await this.start(options);
  }

  /** The driver, with another way to publish. */
  driverWith(controllerPublishVolume: PublishVolume): CsiDriver {
    const { driver } = this.backend;
    return { ...driver, controller: { ...driver.controller, controllerPublishVolume } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
  }

  async #patchStatus(node: string, status: Partial<Node['status']>): Promise<void> {
    const patch = { type: 'merge', body: { status } } as const;
    await this.plane.client.patch(nodes, { name: node }, patch, { subresource: 'status' });
    await this.plane.clock.settle();
  }
}

function ignoreExisting(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
