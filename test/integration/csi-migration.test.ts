import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Draft,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  type Volume,
  volumeAttachments,
} from '../../src/api/index.ts';
import { DecisionLog } from '../../src/base/index.ts';
import { startControllers } from '../../src/cluster/controllers.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import { startAttacher, startProvisioner, startResizer } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { Code, FakeDriver, type FakeIdentity } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';

const zone = 'topology.kubernetes.io/zone';
const region = 'topology.kubernetes.io/region';

interface Cloud {
  readonly plugin: string;
  readonly identity: FakeIdentity;
  readonly zone: string;
  readonly region: string;
  /** What the claim's volume says, for the name that the driver was asked to give it. */
  readonly source: (name: string) => Partial<PersistentVolume['spec']>;
  /** The handle under which the volume is attached. */
  readonly handle: (name: string) => string;
  readonly inline: Omit<Volume, 'name'>;
  readonly inlineName: string;
  readonly inlineHandle: string;
  readonly partition: string;
}

const google: Cloud = {
  plugin: 'kubernetes.io/gce-pd',
  zone: 'us-central1-a',
  region: 'us-central1',
  identity: {
    name: 'pd.csi.storage.gke.io',
    volumeIdOf: (name) => `projects/mine/zones/us-central1-a/disks/${name}`,
    resolveId: (id) => id.replace('projects/UNSPECIFIED', 'projects/mine').replace('UNSPECIFIED', 'us-central1-a'),
    topology: { 'topology.gke.io/zone': 'us-central1-a' },
  },
  source: (name) => ({ gcePersistentDisk: { pdName: name, fsType: 'xfs' } }),
  handle: (name) => `projects/UNSPECIFIED/zones/us-central1-a/disks/${name}`,
  inline: { gcePersistentDisk: { pdName: 'shared', fsType: 'ext4' } },
  inlineName: 'pd.csi.storage.gke.io-shared',
  inlineHandle: 'projects/UNSPECIFIED/zones/UNSPECIFIED/disks/shared',
  partition: '',
};

const amazon: Cloud = {
  plugin: 'kubernetes.io/aws-ebs',
  zone: 'us-west-2a',
  region: 'us-west-2',
  identity: {
    name: 'ebs.csi.aws.com',
    volumeIdOf: (name) => `vol-${name}`,
    resolveId: (id) => id,
    topology: { 'topology.ebs.csi.aws.com/zone': 'us-west-2a' },
  },
  source: (name) => ({ awsElasticBlockStore: { volumeID: `vol-${name}`, fsType: 'xfs' } }),
  handle: (name) => `vol-${name}`,
  inline: { awsElasticBlockStore: { volumeID: 'aws:///vol-shared', fsType: 'ext4' } },
  inlineName: 'ebs.csi.aws.com-vol-shared',
  inlineHandle: 'vol-shared',
  partition: '0',
};

describe.each([google, amazon])('volumes of $plugin', (cloud) => {
  const { identity } = cloud;
  const [[topologyKey] = ['']] = Object.entries(identity.topology);
  let plane: ControlPlane;
  let backend: FakeDriver;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    backend = new FakeDriver(plane.clock, 'controller', identity);
    const { client, informers, clock, random, logger } = plane;
    const { driver } = backend;
    plane.use(
      startControllers({
        clock,
        random,
        logger,
        metrics: new MetricsRegistry(),
        decisions: new DecisionLog(clock),
        informers,
        client: (name) => plane.clientOf(name),
        rootCa: 'ca',
      }),
    );
    const recorder = plane.recorder(identity.name);
    const scheduler = plane.use(
      new Scheduler({ client, informers, recorder: plane.recorder('default-scheduler'), clock, logger }),
    );
    plane.use(startProvisioner({ client, informers, recorder, driver, clock, random, logger }));
    plane.use(startAttacher({ client, informers, driver, clock, logger }));
    plane.use(startResizer({ client, informers, recorder, driver, clock, logger }));
    const labels = { [zone]: cloud.zone, [region]: cloud.region };
    await FakeKubelet.start(plane, 'n1', identity.name, identity.topology, labels);
    await client.create(storageClasses, {
      metadata: { name: 'cloud' },
      provisioner: cloud.plugin,
      parameters: { type: 'fast', fsType: 'xfs', zone: cloud.zone },
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
      allowVolumeExpansion: true,
    });
    await plane.run();
    scheduler.start();
    await clock.settle();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const claimKey = { namespace: 'default', name: 'data' };
  const claim = () => plane.client.get(persistentVolumeClaims, claimKey);
  const allVolumes = async () => (await plane.client.list(persistentVolumes)).items;
  const attachments = async () => (await plane.client.list(volumeAttachments)).items;
  const isRunning = async () =>
    (await plane.get(pods, { namespace: 'default', name: 'web' }))?.status?.phase === 'Running';

  function claimDraft(
    storageClassName = 'cloud',
    annotations: Record<string, string> = {},
  ): Draft<PersistentVolumeClaim> {
    const request = { resources: { requests: { storage: '1Gi' } } };
    return {
      metadata: { ...claimKey, annotations },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName, ...request },
    };
  }

  async function createClaim(annotations: Record<string, string> = {}): Promise<string> {
    const { metadata } = await plane.client.create(persistentVolumeClaims, claimDraft('cloud', annotations));
    await plane.clock.until(async () => (await claim()).status?.phase === 'Bound', 30_000, 'the claim is bound');
    return `pvc-${metadata.uid}`;
  }

  function podDraft(volume: Volume): Draft<Pod> {
    const container = { name: 'main', image: 'busybox', volumeMounts: [{ name: volume.name, mountPath: '/data' }] };
    return {
      metadata: { namespace: 'default', name: 'web' },
      spec: { containers: [container], volumes: [volume] },
    };
  }

  async function runPod(volume: Volume): Promise<void> {
    await plane.client.create(pods, podDraft(volume));
    await plane.clock.until(isRunning, 30_000, 'the pod runs');
  }

  async function removePod(): Promise<void> {
    await plane.client.delete(pods, { namespace: 'default', name: 'web' });
    await plane.clock.until(async () => (await attachments()).length === 0, 30_000, 'the volume is detached');
  }

  it('[Q1] [B13] are provisioned by the driver, and look as the plugin would have made them', async () => {
    const name = await createClaim();
    expect(backend.requests.get(name)).toEqual({
      parameters: { type: 'fast' },
      requisite: [{ [topologyKey]: cloud.zone }],
    });
    expect((await claim()).metadata.annotations).toMatchObject({
      'volume.kubernetes.io/storage-provisioner': identity.name,
      'volume.beta.kubernetes.io/storage-provisioner': identity.name,
    });
    const [volume] = await allVolumes();
    expect(volume?.metadata.annotations).toMatchObject({
      'pv.kubernetes.io/provisioned-by': cloud.plugin,
      'pv.kubernetes.io/migrated-to': identity.name,
    });
    expect(volume?.metadata.labels).toEqual({ [zone]: cloud.zone, [region]: cloud.region });
    expect(volume?.metadata.finalizers).toContain('external-provisioner.volume.kubernetes.io/finalizer');
    expect(volume?.metadata.finalizers).not.toContain('kubernetes.io/pv-controller');
    const matchExpressions = [
      { key: zone, operator: 'In', values: [cloud.zone] },
      { key: region, operator: 'In', values: [cloud.region] },
    ];
    const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
    expect(volume?.spec).toMatchObject({ ...cloud.source(name), nodeAffinity, storageClassName: 'cloud' });
    expect(volume?.spec.csi).toBeUndefined();
    expect(await plane.eventsOf('data')).toContain(
      `Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner '${identity.name}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
    );
  });

  it('[Q1] [D8] [E1] [B11] are attached, grown and deleted by the driver, and leave nothing behind', async () => {
    const name = await createClaim();
    await runPod({ name: 'data', persistentVolumeClaim: { claimName: 'data' } });
    const [attachment] = await attachments();
    expect(attachment?.spec).toEqual({
      attacher: identity.name,
      nodeName: 'n1',
      source: { persistentVolumeName: name },
    });
    expect([...backend.published]).toEqual([`${cloud.handle(name)}@n1`]);

    const body = { spec: { resources: { requests: { storage: '2Gi' } } } };
    await plane.client.patch(persistentVolumeClaims, claimKey, { type: 'merge', body });
    const isGrown = async () => (await claim()).status?.capacity?.storage === '2Gi';
    await plane.clock.until(isGrown, 30_000, 'the claim has grown');
    expect((await claim()).metadata.annotations).toMatchObject({
      'volume.kubernetes.io/storage-resizer': identity.name,
    });
    expect(await plane.eventsOf('data')).toContain(
      `Normal ExternalExpanding CSI migration enabled for ${cloud.plugin}; waiting for external resizer to expand the pvc`,
    );
    expect(backend.calls.find(({ method }) => method === 'ControllerExpandVolume')?.subject).toBe(
      `${cloud.handle(name)}=${2n ** 31n}`,
    );

    await removePod();
    await plane.client.delete(persistentVolumeClaims, claimKey);
    await plane.clock.until(async () => (await allVolumes()).length === 0, 30_000, 'the volume is gone');
    expect(backend.volumes.size).toBe(0);
    expect(backend.published.size).toBe(0);
    expect(await plane.get(persistentVolumeClaims, claimKey)).toBeUndefined();
  });

  it('[Q1] [D8] are attached for a pod that names one itself, by what the driver needs to know', async () => {
    await runPod({ name: 'data', ...cloud.inline });
    const [attachment] = await attachments();
    expect(attachment?.spec).toEqual({
      attacher: identity.name,
      nodeName: 'n1',
      source: {
        inlineVolumeSpec: {
          accessModes: ['ReadWriteOnce'],
          csi: {
            driver: identity.name,
            volumeHandle: cloud.inlineHandle,
            fsType: 'ext4',
            volumeAttributes: { partition: cloud.partition },
          },
          volumeMode: 'Filesystem',
        },
      },
    });
    expect(await plane.eventsOf('web')).toContain(
      `Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "${cloud.inlineName}" `,
    );
    await removePod();
    expect(backend.published.size).toBe(0);
    expect(backend.methods()).toEqual(['ControllerPublishVolume', 'ControllerUnpublishVolume']);
  });

  it('[Q1] [B13] that were asked for before the driver took over are provisioned by it', async () => {
    const name = await createClaim({ 'volume.beta.kubernetes.io/storage-provisioner': cloud.plugin });
    expect([...backend.volumes.keys()]).toEqual([name]);
  });

  it('[Q2] [B13] wait for the driver when the class contradicts itself, and make nothing', async () => {
    await plane.client.create(storageClasses, {
      metadata: { name: 'broken' },
      provisioner: cloud.plugin,
      parameters: { zone: cloud.zone },
      allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: [cloud.zone] }] }],
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    });
    await plane.client.create(persistentVolumeClaims, claimDraft('broken'));
    await plane.clock.advance(5000);
    expect(await plane.eventsOf('data')).toContain(
      'Warning ProvisioningFailed failed to provision volume with StorageClass "broken": failed to translate storage class: cannot simultaneously set allowed topologies and zone/zones parameters',
    );
    expect(backend.calls).toEqual([]);
    expect((await claim()).metadata.finalizers).not.toContain('stowage.io/provisioning');
  });

  it('[Q1] [H2] [R2] wait for a pod that wants them, are made where it may run, and keep it there', async () => {
    const elsewhere = { [topologyKey]: 'other', [zone]: 'other', [region]: 'far' };
    await FakeKubelet.start(plane, 'n2', identity.name, elsewhere);
    await plane.client.create(storageClasses, {
      metadata: { name: 'later' },
      provisioner: cloud.plugin,
      allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: [cloud.zone] }] }],
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    await plane.client.create(persistentVolumeClaims, claimDraft('later'));
    await plane.clock.advance(5000);
    expect(backend.calls).toEqual([]);

    for (let round = 0; round < 3; round++) {
      await runPod({ name: 'data', persistentVolumeClaim: { claimName: 'data' } });
      const pod = await plane.client.get(pods, { namespace: 'default', name: 'web' });
      expect(pod.spec.nodeName).toBe('n1');
      await removePod();
    }
    const [request] = backend.requests.values();
    expect(request?.requisite).toEqual([{ [topologyKey]: cloud.zone }]);

    await plane.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { unschedulable: true } } });
    await plane.client.create(pods, podDraft({ name: 'data', persistentVolumeClaim: { claimName: 'data' } }));
    await plane.clock.advance(5000);
    expect((await plane.eventsOf('web')).at(-1)).toBe(
      "Warning FailedScheduling 0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    );
  });

  it('[Q1] [rel-C1] are deleted again when the plugin could not have made them', async () => {
    backend.topology = { [topologyKey]: 'nowhere' };
    await plane.client.create(persistentVolumeClaims, claimDraft());
    await plane.clock.advance(500);
    expect(backend.methods()).toEqual(['CreateVolume', 'DeleteVolume']);
    expect(backend.volumes.size).toBe(0);
    expect((await plane.eventsOf('data')).join('\n')).toContain(
      'Warning ProvisioningFailed failed to provision volume with StorageClass "cloud":',
    );
    expect(await allVolumes()).toEqual([]);
  });

  it('[Q1] [rel-C1] are deleted in the end when the deletion fails at first', async () => {
    backend.topology = { [topologyKey]: 'nowhere' };
    backend.fail('refusals', 'DeleteVolume', Code.INTERNAL);
    await plane.client.create(persistentVolumeClaims, claimDraft());
    await plane.clock.advance(500);
    expect(backend.volumes.size).toBe(1);
    expect((await claim()).metadata.finalizers).toContain('stowage.io/provisioning');
    await plane.client.delete(persistentVolumeClaims, claimKey);
    await plane.clock.advance(10_000);
    expect(backend.volumes.size).toBe(0);
    expect(await plane.get(persistentVolumeClaims, claimKey)).toBeUndefined();
  });

  it('[Q1] [rel-C2] are not made twice when the reply is lost', async () => {
    backend.fail('lostReplies', 'CreateVolume', Code.DEADLINE_EXCEEDED);
    const name = await createClaim();
    expect([...backend.volumes.keys()]).toEqual([name]);
  });
});
