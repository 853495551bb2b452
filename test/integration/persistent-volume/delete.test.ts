import { describe, expect } from 'vitest';
import { VolumeInUseError } from '../../../src/volume-plugins/index.ts';
import { podDraft } from '../support/objects.ts';
import { fakePluginName } from './fake-plugin.ts';
import { boundClaim, claim, type VolumeOptions, volume } from './objects.ts';
import { runTable, type World } from './table.ts';

const released: VolumeOptions = { toGone: 'c', policy: 'Delete', controller: true, phase: 'Released' };
const nfs = { nfs: { server: 's', path: '/' } };
const noVolume = 'c Normal FailedBinding no persistent volumes available for this claim and no storage class is set';
const untouched = (world: World) => {
  expect(world.backend.calls).toEqual([]);
};
const deleted = (world: World) => {
  expect([...world.backend.storage]).toEqual([]);
};

describe('[B1] [B2] [B11] [B16] [B18] [rel-B5] [rel-B6] [rel-C4] [rel-C5] [rel-L5] [rel-L13] a released volume under Delete', () => {
  runTable([
    {
      title: '[B11] [rel-L5] is deleted, storage and object',
      volumes: [volume('v', released)],
      out: [],
      check: deleted,
    },
    {
      title: '[B11] is deleted when its claim is deleted',
      volumes: [volume('v', { to: 'c', policy: 'Delete', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v')],
      later: (world) => world.removeClaim('c'),
      out: [],
      check: deleted,
    },
    {
      title: '[B11] [rel-C5] is deleted by the plugin that provisioned it, named in its annotation',
      volumes: [volume('v', { ...released, provisionedBy: fakePluginName })],
      out: [],
      check: deleted,
    },
    {
      title: '[B11] is not deleted by a plugin that cannot: Failed',
      volumes: [volume('v', { ...released, source: nfs })],
      out: [
        'v Failed to gone c (controller) because: VolumeFailedDelete: error getting deleter volume plugin for volume "v": no deletable volume plugin matched',
      ],
      events: ['v Warning VolumeFailedDelete error getting deleter volume plugin for volume "v"'],
      check: untouched,
    },
    {
      title: '[B11] is Failed when no plugin knows its kind',
      volumes: [
        volume('v', { ...released, source: { iscsi: { targetPortal: 't:1', iqn: 'iqn.2001-04.x:y', lun: 0 } } }),
      ],
      out: [
        'v Failed to gone c (controller) because: VolumeFailedDelete: error getting deleter volume plugin for volume "v": no volume plugin matched',
      ],
      events: ['v Warning VolumeFailedDelete'],
      check: untouched,
    },
    {
      title: '[B11] [rel-C5] is Failed when the plugin that provisioned it is not here: no other deletes it',
      volumes: [volume('v', { ...released, provisionedBy: 'kubernetes.io/elsewhere' })],
      out: [
        'v Failed to gone c (controller) (held) because: VolumeFailedDelete: no volume plugin matched name: kubernetes.io/elsewhere',
      ],
      events: ['v Warning VolumeFailedDelete no volume plugin matched name: kubernetes.io/elsewhere'],
      check: untouched,
    },
    {
      title: '[B2] [B11] [rel-L13] is Failed while the plugin fails, and gone when it succeeds',
      volumes: [volume('v', released)],
      deleteErrors: [new Error('the disk is on fire')],
      later: async (world) => {
        expect(await world.pictures()).toEqual([
          'v Failed to gone c (controller) because: VolumeFailedDelete: the disk is on fire',
        ]);
      },
      out: [],
      events: ['v Warning VolumeFailedDelete the disk is on fire'],
      check: deleted,
    },
    {
      title: '[B1] [B11] is tried again with a growing back-off while the plugin fails, and told of once',
      volumes: [volume('v', released)],
      deleteErrors: Array.from({ length: 6 }, () => new Error('busy')),
      settleMs: 60_000,
      out: [],
      events: ['v Warning VolumeFailedDelete busy'],
      check: (world) => expect(world.backend.calls.length).toBe(7),
    },
    {
      title: '[B11] [B18] stays Released while its storage is in use: nothing has failed',
      volumes: [volume('v', released)],
      deleteErrors: [new VolumeInUseError('still attached')],
      later: async (world) => {
        expect(await world.pictures()).toEqual(['v Released to gone c (controller)']);
      },
      out: [],
      events: ['v Normal VolumeDelete still attached'],
      check: deleted,
    },
    {
      title: '[B11] [rel-C4] is not deleted while a pod may use it',
      volumes: [volume('v', released)],
      pods: [podDraft('p', 'c')],
      out: ['v Released to gone c (controller)'],
      events: ['v Normal VolumeDelete Volume is used by pods: default/p'],
      check: untouched,
    },
    {
      title: '[B11] [rel-C4] [rel-B6] is not deleted while its claim lives, whatever its phase says',
      volumes: [volume('v', { to: 'c', policy: 'Delete', controller: true, phase: 'Released' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      check: untouched,
    },
    {
      title: '[B11] is deleted although a claim of the same name waits',
      volumes: [volume('v', released)],
      claims: [claim('c')],
      out: ['c Pending'],
      events: [noVolume],
      check: deleted,
    },
    {
      title: '[B11] is left to its CSI driver',
      volumes: [volume('v', { ...released, source: { csi: { driver: 'd.example.com', volumeHandle: 'h' } } })],
      out: ['v Released to gone c (controller)'],
      check: untouched,
    },
    {
      title: '[B11] is left to the external provisioner that made it',
      volumes: [volume('v', { ...released, provisionedBy: 'd.example.com' })],
      out: ['v Released to gone c (controller)'],
      check: untouched,
    },
    {
      title: '[B11] is left to the CSI driver that took over its plugin',
      volumes: [volume('v', { ...released, provisionedBy: fakePluginName })],
      settings: { migratedDriver: (name) => (name === fakePluginName ? 'd.example.com' : undefined) },
      out: ['v Released to gone c (controller)'],
      check: untouched,
    },
    {
      title: '[B11] [B16] whose object was deleted first: its storage goes, then its finalizer, then it',
      volumes: [
        volume('v', { ...released, provisionedBy: fakePluginName, finalizers: ['kubernetes.io/pv-controller'] }),
      ],
      deleteErrors: [new Error('not yet')],
      later: (world) => world.deleteVolume('v'),
      out: [],
      events: ['v Warning VolumeFailedDelete not yet'],
      check: deleted,
    },
    {
      title: '[B11] is deleted in the end when reading it fails at first',
      volumes: [volume('v', released)],
      faults: [{ call: 'get PersistentVolume', reason: 'InternalError' }],
      out: [],
      check: deleted,
    },
    {
      title: '[B11] is deleted in the end when its object cannot be deleted at first',
      volumes: [volume('v', released)],
      faults: [{ call: 'delete PersistentVolume', reason: 'InternalError', times: 2 }],
      settleMs: 5000,
      out: [],
      check: deleted,
    },
    {
      title: '[B11] is deleted in the end when its finalizer cannot be removed at first',
      volumes: [
        volume('v', { ...released, provisionedBy: fakePluginName, finalizers: ['kubernetes.io/pv-controller'] }),
      ],
      faults: [{ call: 'update PersistentVolume', reason: 'Conflict' }],
      out: [],
      check: deleted,
    },
    {
      title: '[B11] is marked Failed in the end when that could not be written at first',
      volumes: [volume('v', { ...released, source: nfs })],
      faults: [{ call: 'update PersistentVolume/status', reason: 'Conflict' }],
      out: [
        'v Failed to gone c (controller) because: VolumeFailedDelete: error getting deleter volume plugin for volume "v": no deletable volume plugin matched',
      ],
      events: ['v Warning VolumeFailedDelete'],
    },
    {
      title: '[rel-B5] is kept when its policy has become Retain since its claim went',
      volumes: [volume('v', released)],
      deleteErrors: [new Error('not yet')],
      later: (world) => world.patchVolume('v', { spec: { persistentVolumeReclaimPolicy: 'Retain' } }),
      out: ['v Failed to gone c (controller) because: VolumeFailedDelete: not yet'],
      events: ['v Warning VolumeFailedDelete not yet'],
      check: (world) => expect([...world.backend.storage]).toEqual(['v']),
    },
    {
      title: '[rel-B5] is kept when an administrator has cleared its claimRef before it could be deleted',
      volumes: [volume('v', released)],
      deleteErrors: [new Error('not yet')],
      later: (world) => world.patchVolume('v', { spec: { claimRef: null } }),
      out: ['v Available (controller)'],
      events: ['v Warning VolumeFailedDelete not yet'],
      check: (world) => expect([...world.backend.storage]).toEqual(['v']),
    },
  ]);
});

describe('[B11] [rel-B5] what becomes of a released volume', () => {
  runTable([
    {
      title: '[B11] [rel-B5] under Retain: nothing',
      volumes: [volume('v', { ...released, policy: 'Retain' })],
      out: ['v Released to gone c (controller)'],
      check: untouched,
    },
    {
      title: '[B11] under Retain although its phase says Failed: nothing',
      volumes: [volume('v', { ...released, policy: 'Retain', phase: 'Failed' })],
      out: ['v Failed to gone c (controller)'],
      check: untouched,
    },
  ]);
});
