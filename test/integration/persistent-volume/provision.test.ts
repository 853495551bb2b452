import { describe, expect } from 'vitest';
import { nodeDraft } from '../support/objects.ts';
import { fakePluginName } from './fake-plugin.ts';
import { boundClaim, type ClaimOptions, claim, storageClass, volume } from './objects.ts';
import { runTable, type World } from './table.ts';

const inTree = storageClass('gold', fakePluginName);
const waiting = storageClass('wait', fakePluginName, { wait: true });
const external = storageClass('gold', 'driver.example.com');
const selected = { annotations: { 'volume.kubernetes.io/selected-node': 'n' } };
const asked = 'c Normal ExternalProvisioning Waiting for a volume to be created';
const failed = 'c Warning ProvisioningFailed ';
const succeeded = 'c Normal ProvisioningSucceeded Successfully provisioned volume pvc-';
const gold = (options: ClaimOptions = {}) => claim('c', { class: 'gold', ...options });
const noStorage = (world: World) => expect([...world.backend.storage]).toEqual([]);

/** The volume that is provisioned for the claim; its name ends with the claim's uid. */
async function provisioned(world: World) {
  return await world.volume(`pvc-${(await world.claim('c')).metadata.uid}`);
}

async function expectProvisioner(world: World, name: string | undefined): Promise<void> {
  const { annotations = {} } = (await world.claim('c')).metadata;
  expect(annotations['volume.kubernetes.io/storage-provisioner']).toBe(name);
  expect(annotations['volume.beta.kubernetes.io/storage-provisioner']).toBe(name);
}

describe('[B1] [B4] [B7] [B9] [B14] [B16] [B18] [rel-B6] [rel-L13] a claim whose class names a plugin of this process', () => {
  runTable([
    {
      title: '[B14] [B16] gets a volume made for it, bound to it and held until its storage is deleted',
      classes: [inTree],
      claims: [gold()],
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [succeeded],
      check: async (world) => {
        await expectProvisioner(world, fakePluginName);
        const { metadata, spec } = await provisioned(world);
        expect(metadata.annotations).toMatchObject({
          'pv.kubernetes.io/provisioned-by': fakePluginName,
          'pv.kubernetes.io/bound-by-controller': 'yes',
        });
        expect(spec).toMatchObject({ storageClassName: 'gold', persistentVolumeReclaimPolicy: 'Delete' });
      },
    },
    {
      title: '[B14] [B16] gets a volume that is not held when the class retains volumes',
      classes: [storageClass('gold', fakePluginName, { policy: 'Retain' })],
      claims: [gold()],
      out: ['pvc Bound to c (controller)', 'c Bound on pvc (controller) 1Gi'],
      events: [succeeded],
    },
    {
      title: '[B9] [B14] gets a volume that exists rather than a new one',
      classes: [inTree],
      volumes: [volume('v', { class: 'gold', size: '5Gi' })],
      claims: [gold()],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 5Gi'],
      check: (world) => expect(world.backend.calls).toEqual([]),
    },
    {
      title: '[B14] is given the volume that an earlier attempt has written, and no second one',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'update PersistentVolumeClaim', reason: 'Conflict' }],
      settleMs: 5000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [succeeded],
      check: (world) => expect(world.backend.storage.size).toBe(1),
    },
    {
      title: '[B14] [rel-L13] is told of the failure, and gets its volume when the plugin succeeds',
      classes: [inTree],
      claims: [gold()],
      provisionErrors: [new Error('out of space')],
      later: async (world) => expect(await world.pictures()).toEqual(['c Pending']),
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [`${failed}Failed to provision volume with StorageClass "gold": out of space`, succeeded],
    },
    {
      title: '[B1] [B14] is tried again with a growing back-off',
      classes: [inTree],
      claims: [gold()],
      provisionErrors: Array.from({ length: 5 }, () => new Error('out of space')),
      settleMs: 30_000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [`${failed}Failed to provision volume with StorageClass "gold": out of space`, succeeded],
      check: (world) => expect(world.backend.calls.length).toBe(6),
    },
    {
      title: '[B14] is refused when it has a data source: no empty volume in its place',
      classes: [inTree],
      claims: [gold({ spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } } })],
      out: ['c Pending'],
      events: [
        `${failed}plugin "${fakePluginName}" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource`,
      ],
      check: noStorage,
    },
    {
      title: '[B14] is refused when the class has mount options that the plugin does not know',
      classes: [storageClass('gold', fakePluginName, { more: { mountOptions: ['ro', 'soft'] } })],
      claims: [gold()],
      out: ['c Pending'],
      events: [
        `${failed}Mount options are not supported by the provisioner but StorageClass "gold" has mount options [ro soft]`,
      ],
      check: noStorage,
    },
    {
      title: '[B14] gives up the selected node when the plugin fails, so that the scheduler chooses again',
      classes: [waiting],
      nodes: [nodeDraft('n')],
      claims: [claim('c', { class: 'wait', ...selected })],
      provisionErrors: [new Error('not on this node')],
      out: ['c Pending'],
      events: [
        `${failed}Failed to provision volume with StorageClass "wait": not on this node`,
        'c Normal WaitForFirstConsumer waiting for first consumer to be created before binding',
      ],
      check: async (world) => {
        expect((await world.claim('c')).metadata.annotations?.['volume.kubernetes.io/selected-node']).toBeUndefined();
      },
    },
    {
      title: '[B14] keeps its selected node while that node does not exist',
      classes: [waiting],
      claims: [claim('c', { class: 'wait', ...selected })],
      out: ['c Pending'],
      events: [`${failed}Failed to get target node: node "n" not found`],
      check: noStorage,
    },
    {
      title: '[B4] [B14] gets nothing before a node is selected, when the class waits for a consumer',
      classes: [waiting],
      claims: [claim('c', { class: 'wait' })],
      out: ['c Pending'],
      events: ['c Normal WaitForFirstConsumer waiting for first consumer to be created before binding'],
      check: noStorage,
    },
    {
      title: '[B14] gets its volume once a node is selected',
      classes: [waiting],
      nodes: [nodeDraft('n')],
      claims: [claim('c', { class: 'wait', ...selected })],
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [succeeded],
    },
    {
      title: '[B14] is Bound to a volume whose object could not be written at first',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'create PersistentVolume', reason: 'InternalError', times: 4 }],
      settleMs: 60_000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [succeeded],
      check: (world) => expect(world.backend.calls).toEqual(['provision pvc-']),
    },
    {
      title: '[B14] gets its volume although the object is there already',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'create PersistentVolume', reason: 'AlreadyExists' }],
      settleMs: 20_000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [succeeded],
    },
    {
      title: '[B14] [rel-B6] keeps its storage when the object was written and every answer to that was lost',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'create PersistentVolume', reason: 'Timeout', times: 5, lands: true }],
      settleMs: 60_000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      check: (world) => expect(world.backend.storage.size).toBe(1),
    },
    {
      title: '[B14] has its storage deleted when the object cannot be written, and is tried anew',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'create PersistentVolume', reason: 'InternalError', times: 5 }],
      settleMs: 60_000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [
        `${failed}Error creating provisioned PV object for claim default/c: injected: InternalError. Deleting the volume.`,
        succeeded,
      ],
      check: (world) => {
        expect(world.backend.calls.map((call) => call.split(' ')[0])).toEqual(['provision', 'delete', 'provision']);
      },
    },
    {
      title: '[B14] has its storage deleted at a later attempt when the first ones fail',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'create PersistentVolume', reason: 'InternalError', times: 5 }],
      deleteErrors: [new Error('busy'), new Error('busy')],
      settleMs: 90_000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [`${failed}Error creating provisioned PV object`, succeeded],
    },
    {
      title: '[B14] [B18] says so when storage is left behind that nobody could delete',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'create PersistentVolume', reason: 'InternalError', times: 5 }],
      deleteErrors: Array.from({ length: 5 }, () => new Error('busy')),
      settleMs: 120_000,
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [
        `${failed}Error creating provisioned PV object`,
        'c Warning ProvisioningCleanupFailed Error cleaning provisioned volume for claim default/c: busy. Please delete manually.',
        succeeded,
      ],
    },
    {
      title: '[B14] gets its volume when it could not be read at first whether there is one',
      classes: [inTree],
      claims: [gold()],
      faults: [{ call: 'get PersistentVolume', reason: 'InternalError' }],
      out: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
      events: [succeeded],
    },
    {
      title: '[B7] [B14] whose volume comes too late: the volume is deleted again',
      classes: [inTree],
      volumes: [volume('v', { class: 'gold', to: 'c', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v', { class: 'gold' })],
      later: async (world) => {
        world.backend.storage.add('late');
        await world.createVolume(
          volume('late', { class: 'gold', to: 'c', policy: 'Delete', provisionedBy: fakePluginName, controller: true }),
        );
      },
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      check: (world) => expect([...world.backend.storage]).toEqual(['v']),
    },
    {
      title: '[B14] that is deleted meanwhile: its volume is deleted too',
      classes: [inTree],
      claims: [gold()],
      later: (world) => world.removeClaim('c'),
      out: [],
      events: [succeeded],
      check: noStorage,
    },
    {
      title: '[B14] is refused by a plugin that is not allowed to provision',
      classes: [inTree],
      claims: [gold()],
      disabled: true,
      out: ['c Pending'],
      events: [`${failed}Failed to create provisioner: provisioning in volume plugin "${fakePluginName}" is disabled`],
      check: noStorage,
    },
  ]);
});

describe('[B9] [B13] a claim whose class names somebody else', () => {
  runTable([
    {
      title: '[B13] asks the external provisioner by both annotations',
      classes: [external],
      claims: [gold()],
      out: ['c Pending'],
      events: [asked],
      check: (world) => expectProvisioner(world, 'driver.example.com'),
    },
    {
      title: '[B13] asks again when the annotations could not be written',
      classes: [external],
      claims: [gold()],
      faults: [{ call: 'update PersistentVolumeClaim', reason: 'Conflict' }],
      out: ['c Pending'],
      events: [asked],
      check: (world) => expectProvisioner(world, 'driver.example.com'),
    },
    {
      title: '[B13] asks the one that its class names now, not the one that it asked before',
      classes: [external],
      claims: [gold({ annotations: { 'volume.kubernetes.io/storage-provisioner': 'before.example.com' } })],
      out: ['c Pending'],
      events: [asked],
      check: (world) => expectProvisioner(world, 'driver.example.com'),
    },
    {
      title: '[B13] is refused when the class does not exist',
      claims: [gold()],
      out: ['c Pending'],
      events: [`${failed}storageclass.storage.k8s.io "gold" not found`],
    },
    {
      title: '[B13] is refused when a built-in plugin of that name does not exist',
      classes: [storageClass('gold', 'kubernetes.io/glusterfs')],
      claims: [gold()],
      out: ['c Pending'],
      events: [`${failed}no volume plugin matched name: kubernetes.io/glusterfs`],
      check: (world) => expectProvisioner(world, undefined),
    },
    {
      title: '[B13] is refused when the built-in plugin does not provision',
      classes: [storageClass('gold', 'kubernetes.io/bare')],
      claims: [gold()],
      out: ['c Pending'],
      events: [`${failed}no provisionable volume plugin matched`],
    },
    {
      title: '[B13] is never provisioned for when nobody provisions for the class',
      classes: [storageClass('gold', 'kubernetes.io/no-provisioner')],
      claims: [gold()],
      out: ['c Pending'],
      events: [`${failed}no volume plugin matched name: kubernetes.io/no-provisioner`],
    },
    {
      title: '[B13] is bound to a volume by hand where nobody provisions for the class',
      classes: [storageClass('gold', 'kubernetes.io/no-provisioner')],
      volumes: [volume('v', { class: 'gold' })],
      claims: [gold()],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B13] is left alone when dynamic provisioning is switched off',
      classes: [external],
      claims: [gold()],
      settings: { dynamicProvisioning: false },
      out: ['c Pending'],
      check: (world) => expectProvisioner(world, undefined),
    },
    {
      title: '[B13] asks the CSI driver that took over its plugin',
      classes: [inTree],
      claims: [gold()],
      settings: { migratedDriver: (name) => (name === fakePluginName ? 'd.example.com' : undefined) },
      out: ['c Pending'],
      events: [
        "c Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'd.example.com'",
      ],
      check: async (world) => {
        await expectProvisioner(world, 'd.example.com');
        noStorage(world);
      },
    },
    {
      title: '[B9] [B13] is bound to a volume that appears before the provisioner has acted',
      classes: [external],
      claims: [gold()],
      later: async (world) => {
        await world.createVolume(volume('v', { class: 'gold' }));
      },
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      events: [asked],
    },
  ]);
});

describe('[B15] [rel-B9] a claim that names no class', () => {
  const none: ClaimOptions = { spec: {} };
  const unset = (options: ClaimOptions = none) => {
    const given = claim('c', options);
    const { storageClassName: _, ...spec } = given.draft.spec;
    return { ...given, draft: { ...given.draft, spec } };
  };
  const byDefault = storageClass('std', 'driver.example.com', { isDefault: true });
  const classOf = async (world: World) => (await world.claim('c')).spec.storageClassName;
  const noVolume = 'c Normal FailedBinding no persistent volumes available';
  runTable([
    {
      title: '[B15] [rel-B9] gets the default class when there is one at last',
      claims: [unset()],
      later: async (world) => await world.createClass(byDefault),
      out: ['c Pending'],
      events: [noVolume, asked],
      check: async (world) => expect(await classOf(world)).toBe('std'),
    },
    {
      title: '[B15] gets the class that becomes the default',
      classes: [storageClass('std', 'driver.example.com')],
      claims: [unset()],
      later: async (world) => await world.makeDefault('std'),
      out: ['c Pending'],
      events: [noVolume, asked],
      check: async (world) => expect(await classOf(world)).toBe('std'),
    },
    {
      title: '[B15] waits while no class is the default',
      classes: [storageClass('std', 'driver.example.com')],
      claims: [unset()],
      out: ['c Pending'],
      events: [noVolume],
      check: async (world) => expect(await classOf(world)).toBeUndefined(),
    },
    {
      title: '[B15] is bound to a volume without a class first',
      volumes: [volume('v')],
      claims: [unset()],
      later: async (world) => await world.createClass(byDefault),
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      check: async (world) => expect(await classOf(world)).toBeUndefined(),
    },
    {
      title: '[B15] [rel-B9] names the empty class on purpose: keeps it',
      claims: [claim('c')],
      later: async (world) => await world.createClass(byDefault),
      out: ['c Pending'],
      events: [noVolume],
      check: async (world) => expect(await classOf(world)).toBe(''),
    },
    {
      title: '[B15] [rel-B9] names its class by the old annotation: keeps it',
      claims: [unset({ annotations: { 'volume.beta.kubernetes.io/storage-class': '' } })],
      later: async (world) => await world.createClass(byDefault),
      out: ['c Pending'],
      events: [noVolume],
      check: async (world) => expect(await classOf(world)).toBeUndefined(),
    },
    {
      title: '[B15] gets the default class in the end when it could not be written at first',
      claims: [unset()],
      faults: [{ call: 'update PersistentVolumeClaim', reason: 'Conflict' }],
      later: async (world) => await world.createClass(byDefault),
      out: ['c Pending'],
      events: [noVolume, asked],
      check: async (world) => expect(await classOf(world)).toBe('std'),
    },
    {
      title: '[B15] [rel-B9] keeps the class that it got when another becomes the default',
      claims: [unset()],
      later: async (world) => {
        await world.createClass(byDefault);
        await world.plane.clock.settle();
        await world.createClass(storageClass('later', 'driver.example.com', { isDefault: true }));
      },
      out: ['c Pending'],
      events: [noVolume, asked],
      check: async (world) => expect(await classOf(world)).toBe('std'),
    },
  ]);
});

describe('[B16] the finalizer of a provisioned volume', () => {
  const held = { finalizers: ['kubernetes.io/pv-controller'] };
  const mine = { to: 'c', controller: true, phase: 'Bound', provisionedBy: fakePluginName };
  const finalizers = async (world: World) => (await world.volume('v')).metadata.finalizers;
  const bound = boundClaim('c', 'v');
  const end = ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'];
  const heldEnd = ['v Bound to c (controller) (held)', 'c Bound on v (controller) 1Gi'];
  runTable([
    {
      title: '[B16] is added under Delete',
      volumes: [volume('v', { ...mine, policy: 'Delete' })],
      claims: [bound],
      out: heldEnd,
    },
    {
      title: '[B16] stays under Delete',
      volumes: [volume('v', { ...mine, ...held, policy: 'Delete' })],
      claims: [bound],
      out: heldEnd,
    },
    {
      title: '[B16] is removed under Retain',
      volumes: [volume('v', { ...mine, ...held })],
      claims: [bound],
      out: end,
    },
    {
      title: '[B16] is removed under Recycle',
      volumes: [volume('v', { ...mine, ...held, policy: 'Recycle' })],
      claims: [bound],
      out: end,
    },
    {
      title: '[B16] goes and comes with the policy',
      volumes: [volume('v', { ...mine, policy: 'Delete' })],
      claims: [bound],
      later: async (world) => {
        await world.patchVolume('v', { spec: { persistentVolumeReclaimPolicy: 'Retain' } });
        expect(await world.pictures()).toEqual(end);
        await world.patchVolume('v', { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
      },
      out: heldEnd,
    },
    {
      title: '[B16] is not added to a volume that nobody provisioned',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound', policy: 'Delete' })],
      claims: [bound],
      out: end,
    },
    {
      title: '[B16] is not added to a volume that somebody outside provisioned, whose own stays',
      volumes: [
        volume('v', {
          ...mine,
          policy: 'Delete',
          provisionedBy: 'd.example.com',
          finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'],
        }),
      ],
      claims: [bound],
      out: end,
      check: async (world) =>
        expect(await finalizers(world)).toContain('external-provisioner.volume.kubernetes.io/finalizer'),
    },
    {
      title: '[B16] takes the place of that of a CSI driver that no longer stands in for the plugin',
      volumes: [
        volume('v', {
          ...mine,
          policy: 'Delete',
          finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'],
          annotations: { 'pv.kubernetes.io/migrated-to': 'd.example.com' },
        }),
      ],
      claims: [bound],
      out: heldEnd,
      check: async (world) => {
        expect(await finalizers(world)).not.toContain('external-provisioner.volume.kubernetes.io/finalizer');
        expect((await world.volume('v')).metadata.annotations?.['pv.kubernetes.io/migrated-to']).toBeUndefined();
      },
    },
    {
      title: '[B16] is removed when a CSI driver takes over the plugin, and the driver is named',
      volumes: [volume('v', { ...mine, ...held, policy: 'Delete' })],
      claims: [boundClaim('c', 'v', { annotations: { 'volume.kubernetes.io/storage-provisioner': fakePluginName } })],
      settings: { migratedDriver: (name) => (name === fakePluginName ? 'd.example.com' : undefined) },
      out: end,
      check: async (world) => {
        const migrated = 'pv.kubernetes.io/migrated-to';
        expect((await world.volume('v')).metadata.annotations?.[migrated]).toBe('d.example.com');
        expect((await world.claim('c')).metadata.annotations?.[migrated]).toBe('d.example.com');
      },
    },
    {
      title: '[B16] is not added once the deletion of the volume has begun',
      volumes: [volume('v', { ...mine, policy: 'Delete', deleting: true })],
      claims: [bound],
      out: ['v Bound to c (controller) terminating', 'c Bound on v (controller) 1Gi'],
    },
  ]);
});
