import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  csiNodes,
  leases,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startAttachDetachController } from '../../src/controllers/index.ts';
import { startAttacher } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { blindClient, laggingClient, mortalClient, startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';
import { nodeDraft, podDraft } from './support/objects.ts';

const component = 'attachdetach-controller';
const managed = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
const volumeName = (handle: string) => `kubernetes.io/csi/fake.csi^${handle}`;

describe('the attach/detach controller', () => {
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock);
    for (const name of ['n1', 'n2']) await createNode(name);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  async function createNode(name: string, annotations: Record<string, string> = managed): Promise<void> {
    const draft = nodeDraft(name);
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    await plane.client.create(nodes, { ...draft, metadata: { ...draft.metadata, annotations } });
    await plane.client.patch(nodes, { name }, { type: 'merge', body: { status } }, { subresource: 'status' });
    const spec = { drivers: [{ name: 'fake.csi', nodeID: name }] };
    await plane.client.create(csiNodes, { metadata: { name }, spec });
  }

  /** A claim bound to a volume of the driver, both named alike. */
  async function createVolume(name: string, accessModes = ['ReadWriteOnce'], namespace = 'default'): Promise<void> {
    const capacity = { storage: '1Gi' };
    const claim = await plane.client.create(persistentVolumeClaims, {
      metadata: { namespace, name },
      spec: { accessModes, storageClassName: '', resources: { requests: capacity }, volumeName: name },
    });
    await plane.client.updateStatus(persistentVolumeClaims, {
      ...claim,
      status: { phase: 'Bound', accessModes, capacity },
    });
    await plane.client.create(persistentVolumes, {
      metadata: { name },
      spec: {
        accessModes,
        capacity,
        csi: { driver: 'fake.csi', volumeHandle: `h-${name}` },
        claimRef: { namespace, name, uid: claim.metadata.uid },
      },
    });
  }

  async function createPod(name: string, nodeName: string, claimName = 'v', namespace = 'default'): Promise<void> {
    const draft = podDraft(name, claimName);
    const metadata = { ...draft.metadata, namespace };
    await plane.client.create(pods, { ...draft, metadata, spec: { ...draft.spec, nodeName } });
    await plane.clock.settle();
  }

  async function deletePod(name: string): Promise<void> {
    await plane.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
    await plane.clock.settle();
  }

  /** What a node's agent does: it says what it uses. */
  async function reportInUse(node: string, ...volumesInUse: string[]): Promise<void> {
    const body = { status: { volumesInUse } };
    await plane.client.patch(nodes, { name: node }, { type: 'merge', body }, { subresource: 'status' });
    await plane.clock.settle();
  }

  async function setReady(node: string, status: string): Promise<void> {
    const body = { status: { conditions: [{ type: 'Ready', status }] } };
    await plane.client.patch(nodes, { name: node }, { type: 'merge', body }, { subresource: 'status' });
    await plane.clock.settle();
  }

  const attached = async (node: string) =>
    (await plane.client.get(nodes, { name: node })).status?.volumesAttached?.map(({ name }) => name) ?? [];
  const attachments = async () => (await plane.client.list(volumeAttachments)).items;
  const published = () => [...backend.published].sort();

  async function start(options: { forceDetachOnTimeout?: boolean } = {}, client?: Client): Promise<AsyncDisposable> {
    return await startOn(plane, component, (given) => startAttachDetachController({ ...given, ...options }), client);
  }
  async function startWithAttacher(options: { forceDetachOnTimeout?: boolean } = {}): Promise<AsyncDisposable> {
    const driver = backend.driver;
    await startOn(plane, 'external-attacher', (given) => startAttacher({ ...given, driver }));
    return await start(options);
  }

  it('[D4] [D6] [D8] attaches a volume for a pod, tells node and pod, and detaches it when the node lets go', async () => {
    await startWithAttacher();
    await createVolume('v');
    await createPod('p', 'n1');
    expect(published()).toEqual(['h-v@n1']);
    expect(await attachments()).toMatchObject([
      { spec: { attacher: 'fake.csi', nodeName: 'n1', source: { persistentVolumeName: 'v' } } },
    ]);
    expect((await attachments())[0]?.metadata.name).toMatch(/^csi-[0-9a-f]{64}$/);
    expect((await plane.client.get(nodes, { name: 'n1' })).status?.volumesAttached).toEqual([
      { name: volumeName('h-v'), devicePath: '' },
    ]);
    expect(await plane.eventsOf('p')).toEqual([
      'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ',
    ]);
    await reportInUse('n1', volumeName('h-v'));
    await deletePod('p');
    await plane.clock.advance(30 * 60_000);
    expect(published()).toEqual(['h-v@n1']);
    await reportInUse('n1');
    expect(published()).toEqual([]);
    expect(await attachments()).toEqual([]);
    expect(await attached('n1')).toEqual([]);
  });

  it('[D2] leaves nodes alone that did not opt in', async () => {
    await createNode('own', {});
    await startWithAttacher();
    await createVolume('v');
    await createPod('p', 'own');
    expect(await attachments()).toEqual([]);
  });

  it('[D3] attaches only for pods that run or are about to, and claims that are really theirs', async () => {
    await startWithAttacher();
    await createVolume('v');
    await createPod('ended', 'n1');
    await plane.client.patch(
      pods,
      { namespace: 'default', name: 'ended' },
      { type: 'merge', body: { status: { phase: 'Succeeded' } } },
      { subresource: 'status' },
    );
    await plane.clock.settle();
    expect(await attachments()).toEqual([]);
    const volume = await plane.client.get(persistentVolumes, { name: 'v' });
    const claimRef = { ...volume.spec.claimRef, uid: 'uid-of-another' };
    await plane.client.update(persistentVolumes, { ...volume, spec: { ...volume.spec, claimRef } });
    await createPod('impostor', 'n1');
    expect(await attachments()).toEqual([]);
  });

  it('[D3] attaches nothing for a driver that needs no attaching, and cleans up when a driver turns into one', async () => {
    await startWithAttacher();
    await plane.client.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { attachRequired: false } });
    await createVolume('v');
    await createPod('p', 'n1');
    expect(await attachments()).toEqual([]);
    const recreate = async (attachRequired: boolean) => {
      await plane.client.delete(csiDrivers, { name: 'fake.csi' });
      await plane.client.create(csiDrivers, { metadata: { name: 'fake.csi' }, spec: { attachRequired } });
      await plane.clock.settle();
    };
    await recreate(true);
    expect(published()).toEqual(['h-v@n1']);
    await reportInUse('n1', volumeName('h-v'));
    await recreate(false);
    expect(published(), '[rel-D9] in use').toEqual(['h-v@n1']);
    await deletePod('p');
    await reportInUse('n1');
    expect(await attachments(), '[D10] dangling').toEqual([]);
    expect(published()).toEqual([]);
  });

  describe('a volume for one node at a time', () => {
    it('[D5] [rel-D1] waits until the other node let go, and names the pod that has it', async () => {
      await startWithAttacher();
      await createVolume('v');
      await createPod('a', 'n1');
      await reportInUse('n1', volumeName('h-v'));
      await createPod('b', 'n2');
      expect(published()).toEqual(['h-v@n1']);
      expect(await plane.eventsOf('b')).toEqual([
        'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already used by pod(s) a',
      ]);
      await deletePod('a');
      await plane.clock.advance(20 * 60_000);
      expect(published()).toEqual(['h-v@n1']);
      await reportInUse('n1');
      expect(published()).toEqual(['h-v@n2']);
      expect(backend.methods()).toEqual([
        'ControllerPublishVolume',
        'ControllerUnpublishVolume',
        'ControllerPublishVolume',
      ]);
      expect(await plane.eventsOf('b')).toContain(
        'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "v" ',
      );
    });

    it('[D5] says so when no pod is left on the other node', async () => {
      await startWithAttacher();
      await createVolume('v');
      await createPod('a', 'n1');
      await reportInUse('n1', volumeName('h-v'));
      await deletePod('a');
      await createPod('b', 'n2');
      expect(await plane.eventsOf('b')).toEqual([
        'Warning FailedAttachVolume Multi-Attach error for volume "v" Volume is already exclusively attached to one node and can\'t be attached to another',
      ]);
    });

    it('[rel-D1] stays away from a node that lists the volume as in use although its attachment is gone', async () => {
      await startWithAttacher();
      await createVolume('v');
      await reportInUse('n1', volumeName('h-v'));
      await createPod('b', 'n2');
      expect(published()).toEqual([]);
      await reportInUse('n1');
      expect(published()).toEqual(['h-v@n2']);
    });

    it('[D5] is no limit for volumes with a shared access mode', async () => {
      await startWithAttacher();
      await createVolume('v', ['ReadWriteMany']);
      await createPod('a', 'n1');
      await createPod('b', 'n2');
      expect(published()).toEqual(['h-v@n1', 'h-v@n2']);
    });

    it('[rel-D1] goes to one of two nodes whose pods ask for it at once', async () => {
      await startWithAttacher();
      await createVolume('v');
      await Promise.all([createPod('a', 'n1'), createPod('b', 'n2')]);
      expect(published().length).toBe(1);
      expect((await attachments()).length).toBe(1);
    });
  });

  describe('failures', () => {
    it('[D6] [D8] tells the pod what the driver said, and detaches what may have been attached', async () => {
      backend.fail('refusals', 'ControllerPublishVolume', ...Array(1000).fill(Code.INTERNAL));
      await startWithAttacher();
      await createVolume('v');
      await createPod('p', 'n1');
      expect(await plane.eventsOf('p')).toEqual([
        'Warning FailedAttachVolume AttachVolume.Attach failed for volume "v" : rpc error: code = Internal desc = ordered by the test',
      ]);
      await deletePod('p');
      expect(await attachments()).toEqual([]);
      expect(backend.methods()).toContain('ControllerUnpublishVolume');
    });

    it('[D8] tells the pod after two minutes that the attacher is silent, and attaches when it comes', async () => {
      await start();
      await createVolume('v');
      await createPod('p', 'n1');
      await plane.clock.advance(119_000);
      expect(await plane.eventsOf('p')).toEqual([]);
      await plane.clock.advance(2_000);
      expect(await plane.eventsOf('p')).toEqual([
        'Warning FailedAttachVolume AttachVolume.Attach failed for volume "v" : timed out waiting for external-attacher of fake.csi CSI driver to attach volume h-v',
      ]);
      await startOn(plane, 'external-attacher', (given) => startAttacher({ ...given, driver: backend.driver }));
      expect(published()).toEqual(['h-v@n1']);
      expect(await attached('n1')).toEqual([volumeName('h-v')]);
    });

    it('[D9] attaches again when an attachment was deleted under its pod', async () => {
      await startWithAttacher();
      await createVolume('v');
      await createPod('p', 'n1');
      const [first] = await attachments();
      await plane.client.delete(volumeAttachments, { name: first?.metadata.name ?? '' });
      await plane.clock.settle();
      const [second] = await attachments();
      expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
      expect(second?.status?.attached).toBe(true);
      expect(await attached('n1')).toEqual([volumeName('h-v')]);
    });
  });

  describe('detaching', () => {
    async function attachThenOrphan(): Promise<void> {
      await createVolume('v');
      await createPod('p', 'n1');
      await reportInUse('n1', volumeName('h-v'));
      await deletePod('p');
      expect(published()).toEqual(['h-v@n1']);
    }
    const lease = (renewTime: string) => ({
      metadata: { namespace: 'kube-node-lease', name: 'n1' },
      spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime },
    });
    async function createLease(): Promise<void> {
      const { namespaces } = await import('../../src/api/index.ts');
      await plane.client.create(namespaces, { metadata: { name: 'kube-node-lease' }, spec: {} });
      await plane.client.create(leases, lease(new Date(plane.clock.now()).toISOString()));
    }
    const taint = (node: string) =>
      plane.client.patch(
        nodes,
        { name: node },
        {
          type: 'merge',
          body: { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } },
        },
      );

    it('[D4] [rel-D3] re-reads the node live after it stopped reporting the volume', async () => {
      const seeing = plane.clientOf(component);
      const { client: lagging, hold, release } = laggingClient(seeing, 'Node');
      // The agent takes the volume into use in the moment between the two phases, and the watch does not tell.
      const client: Client = {
        ...lagging,
        patch: async (type, key, patch, options) => {
          const patched = await seeing.patch(type, key, patch, options);
          const { status } = patch.body as { status?: { volumesAttached?: unknown } };
          if (type.kind === 'Node' && status?.volumesAttached === null) {
            hold();
            const body = { status: { volumesInUse: [volumeName('h-v')] } };
            await seeing.patch(nodes, { name: 'n1' }, { type: 'merge', body }, { subresource: 'status' });
          }
          return patched;
        },
      };
      await startOn(plane, 'external-attacher', (given) => startAttacher({ ...given, driver: backend.driver }));
      await start({}, client);
      await createVolume('v');
      await createPod('p', 'n1');
      await deletePod('p');
      expect(published()).toEqual(['h-v@n1']);
      expect(await attached('n1'), 'reported again').toEqual([volumeName('h-v')]);
      release();
      await plane.clock.settle();
      expect(published()).toEqual(['h-v@n1']);
    });

    it('[D4] gives way to a pod that comes back while the node is asked', async () => {
      const seeing = plane.clientOf(component);
      let comesBack = false;
      const client: Client = {
        ...seeing,
        get: async (type, key, options) => {
          const found = await seeing.get(type, key, options);
          if (type.kind === 'Lease' || type.kind !== 'Node' || !comesBack) return found;
          comesBack = false;
          const draft = podDraft('again', 'v');
          await seeing.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1' } });
          // The watch tells of the pod before the answer is worked on.
          for (let turns = 0; turns < 5; turns++) {
            await new Promise<void>((resolve) => plane.clock.afterTurn(resolve));
          }
          return found;
        },
      };
      await startOn(plane, 'external-attacher', (given) => startAttacher({ ...given, driver: backend.driver }));
      await start({}, client);
      await createVolume('v');
      await createPod('p', 'n1');
      comesBack = true;
      await deletePod('p');
      expect(backend.methods()).toEqual(['ControllerPublishVolume']);
      expect(await attached('n1')).toEqual([volumeName('h-v')]);
    });

    it('[rel-D2] never happens on a timer, whether the agent is alive or dead', async () => {
      await startWithAttacher();
      await attachThenOrphan();
      await plane.clock.advance(60 * 60_000);
      expect(published()).toEqual(['h-v@n1']);
      await setReady('n1', 'Unknown');
      await plane.clock.advance(24 * 60 * 60_000);
      expect(published()).toEqual(['h-v@n1']);
    });

    it('[D4] [rel-D2] happens after six minutes for those who chose so, once the agent is dead', async () => {
      await startWithAttacher({ forceDetachOnTimeout: true });
      await attachThenOrphan();
      await plane.clock.advance(60 * 60_000);
      expect(published(), 'the agent is alive').toEqual(['h-v@n1']);
      await setReady('n1', 'Unknown');
      await plane.clock.advance(2 * 60_000);
      expect(published()).toEqual([]);
    });

    it('[D4] [rel-L8] happens at once from a node that is out of service', async () => {
      await startWithAttacher();
      await attachThenOrphan();
      await setReady('n1', 'Unknown');
      await taint('n1');
      await plane.clock.settle();
      expect(published()).toEqual([]);
    });

    it('[rel-D2] does not believe the taint while the agent renews its lease', async () => {
      await startWithAttacher();
      await createLease();
      await attachThenOrphan();
      await taint('n1');
      await setReady('n1', 'Unknown');
      expect(published()).toEqual(['h-v@n1']);
      await plane.clock.advance(2 * 60_000);
      expect(published(), 'the lease ran out').toEqual([]);
    });

    it('[rel-L4] happens when the node was deleted and its agent is silent', async () => {
      await startWithAttacher();
      await createLease();
      await attachThenOrphan();
      await plane.client.delete(nodes, { name: 'n1' });
      await plane.clock.advance(30_000);
      expect(published(), 'the lease is fresh').toEqual(['h-v@n1']);
      await plane.clock.advance(60_000);
      expect(published()).toEqual([]);
      expect(await attachments()).toEqual([]);
    });
  });

  describe('after a restart', () => {
    it('[D1] [rel-D6] takes over what it finds, attached or in doubt, and detaches what nobody wants', async () => {
      const first = await startWithAttacher();
      await createVolume('kept');
      await createVolume('unwanted');
      await createPod('a', 'n1', 'kept');
      await createPod('b', 'n1', 'unwanted');
      await first[Symbol.asyncDispose]();
      await deletePod('b');
      await start();
      expect(published()).toEqual(['h-kept@n1']);
      expect(await attached('n1')).toEqual([volumeName('h-kept')]);
      expect((await plane.eventsOf('a')).length).toBe(1);
    });

    it('[rel-D9] leaves attachments alone whose volumes its cache has not seen yet', async () => {
      const first = await startWithAttacher();
      await createVolume('v');
      await createPod('p', 'n1');
      await first[Symbol.asyncDispose]();
      await start({}, blindClient(plane.clientOf(component), 'PersistentVolume'));
      await plane.clock.advance(60_000);
      expect(backend.methods()).toEqual(['ControllerPublishVolume']);
    });

    it('[D9] [rel-D10] cleans up an attachment whose volume is gone or was replaced by another', async () => {
      const first = await startWithAttacher();
      await createVolume('v');
      await createPod('p', 'n1');
      await first[Symbol.asyncDispose]();
      await deletePod('p');
      const body = { metadata: { finalizers: null } };
      await plane.client.patch(persistentVolumes, { name: 'v' }, { type: 'merge', body });
      await plane.client.delete(persistentVolumes, { name: 'v' });
      await plane.clock.settle();
      const { namespace, name } = { namespace: 'default', name: 'v' };
      await plane.client.patch(persistentVolumes, { name }, { type: 'merge', body }).catch(() => {});
      await plane.client.create(persistentVolumes, {
        metadata: { name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          csi: { driver: 'fake.csi', volumeHandle: 'another' },
          claimRef: { namespace, name },
        },
      });
      await start();
      const left = await attachments();
      expect(left.filter(({ metadata }) => !metadata.deletionTimestamp)).toEqual([]);
      expect(await attached('n1')).toEqual([]);
    });
  });

  describe('killed around any write of an attach and a detach', () => {
    const plans = [0, 1, 2, 3, 4, 5].flatMap((afterWrites) =>
      [false, true].map((lastWriteLands) => ({ afterWrites, lastWriteLands })),
    );
    it.each(plans)('[D6] [rel-D6] [rel-L10] ends as if nothing had happened: %o', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      await startOn(plane, 'external-attacher', (given) => startAttacher({ ...given, driver: backend.driver }));
      const first = await start({}, mortal.client);
      await createVolume('v');
      await createPod('a', 'n1');
      await reportInUse('n1', volumeName('h-v'));
      await deletePod('a');
      await createPod('b', 'n2');
      await reportInUse('n1');
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      expect(published()).toEqual(['h-v@n2']);
      expect((await attachments()).map(({ spec }) => spec.nodeName)).toEqual(['n2']);
      expect(await attached('n1')).toEqual([]);
      expect(await attached('n2')).toEqual([volumeName('h-v')]);
    });
  });

  it('[rel-A16] [rel-D1] keeps a volume on one node when two controllers are active at once', async () => {
    await startWithAttacher();
    await start();
    await createVolume('v');
    for (let round = 0; round < 5; round++) {
      const [from, to] = round % 2 === 0 ? ['n1', 'n2'] : ['n2', 'n1'];
      await createPod(`a${round}`, from);
      await reportInUse(from, volumeName('h-v'));
      await createPod(`b${round}`, to);
      await deletePod(`a${round}`);
      expect(published()).toEqual([`h-v@${from}`]);
      await reportInUse(from);
      expect(published()).toEqual([`h-v@${to}`]);
      expect(await attached(to)).toEqual([volumeName('h-v')]);
      await deletePod(`b${round}`);
      expect(published()).toEqual([]);
    }
  });

  it('[rel-L12] writes nothing at rest', async () => {
    await startWithAttacher();
    await createVolume('v');
    await createVolume('w');
    await createPod('a', 'n1', 'v');
    await createPod('b', 'n1', 'w');
    await reportInUse('n1', volumeName('h-v'), volumeName('h-w'));
    await plane.clock.advance(5_000);
    const { resourceVersion } = await plane.client.list(nodes);
    await plane.clock.advance(10 * 60_000);
    expect((await plane.client.list(nodes)).resourceVersion).toBe(resourceVersion);
  });

  it('[D7] reports many volumes of a node in few writes', async () => {
    const { client, writes } = mortalClient(plane.clientOf(component), { afterWrites: 1000, lastWriteLands: true });
    await startOn(plane, 'external-attacher', (given) => startAttacher({ ...given, driver: backend.driver }));
    await start({}, client);
    const names = Array.from({ length: 30 }, (_, i) => `v${i}`);
    for (const name of names) await createVolume(name);
    const draft = podDraft('p');
    const volumes = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeName: 'n1', volumes } });
    await plane.clock.settle();
    expect((await attached('n1')).length).toBe(30);
    expect(published().length).toBe(30);
    expect(writes.filter((write) => write === 'patch Node').length).toBeLessThanOrEqual(5);
  });
});
