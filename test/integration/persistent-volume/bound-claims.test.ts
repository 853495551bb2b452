import { describe, expect } from 'vitest';
import { boundClaim, claim, volume } from './objects.ts';
import { runTable } from './table.ts';

const lostVolume = 'c Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!';
const lostReference =
  'c Warning ClaimLost Bound claim has lost reference to PersistentVolume. Data on the volume is lost!';
const misbound = 'c Warning ClaimMisbound Two claims are bound to the same volume, this one is bound incorrectly';

describe('[B3] [B6] [B8] [rel-B1] [rel-B3] [rel-B8] a claim whose binding was completed', () => {
  runTable([
    {
      title: '[B6] and that names no volume any more is Lost',
      claims: [claim('c', { completed: true, controller: true, phase: 'Bound' })],
      out: ['c Lost on nothing (controller)'],
      events: [lostReference],
    },
    {
      title: '[B6] and that names no volume is not given another one',
      volumes: [volume('v')],
      claims: [claim('c', { completed: true, controller: true, phase: 'Bound' })],
      out: ['v Available', 'c Lost on nothing (controller)'],
      events: [lostReference],
    },
    {
      title: '[B6] [rel-B8] and whose volume is gone is Lost, and not given another one',
      volumes: [volume('w')],
      claims: [boundClaim('c', 'v')],
      out: ['w Available', 'c Lost on v (controller)'],
      events: [lostVolume],
    },
    {
      title: '[B6] and that is Lost stays Lost without another word',
      claims: [boundClaim('c', 'v', { phase: 'Lost' })],
      out: ['c Lost on v (controller)'],
    },
    {
      title: '[B6] and whose volume has come unbound is bound to it again',
      volumes: [volume('v')],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B3] [B6] and that is Lost is Bound again when its volume is free',
      volumes: [volume('v')],
      claims: [boundClaim('c', 'v', { phase: 'Lost' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B3] [B6] and that is Lost is Bound again when its volume names it',
      volumes: [volume('v', { to: 'c', phase: 'Bound' })],
      claims: [boundClaim('c', 'v', { phase: 'Lost' })],
      out: ['v Bound to c', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B6] and whose volume is reserved for it by name is bound to it again, as reserved by a user',
      volumes: [volume('v', { for: 'c' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B6] and whose volume has the phase Available: the phase is put right',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Available' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B6] [B8] and that has the phase Pending: the phase is put right',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v', { phase: 'Pending' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B6] and where all is right: nothing is done',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B6] [rel-B1] and whose volume belongs to another claim is Lost',
      volumes: [volume('v', { to: 'd', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v'), boundClaim('d', 'v')],
      out: ['v Bound to d (controller)', 'c Lost on v (controller)', 'd Bound on v (controller) 1Gi'],
      events: [misbound],
    },
    {
      title: '[B6] [rel-B3] and whose volume belongs to a claim of the same name that is gone is Lost',
      volumes: [volume('v', { toGone: 'c', controller: true, phase: 'Released' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Released to gone c (controller)', 'c Lost on v (controller)'],
      events: [misbound],
    },
    {
      title: '[B3] keeps the capacity it has, though the volume was enlarged since',
      volumes: [volume('v', { to: 'c', size: '10Gi', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v', { capacity: '1Gi' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B3] gets the capacity from before an enlargement that the file system has still to follow',
      volumes: [
        volume('v', {
          to: 'c',
          size: '2Gi',
          controller: true,
          annotations: { 'volume.alpha.kubernetes.io/pre-resize-capacity': '1Gi' },
        }),
      ],
      claims: [claim('c', { size: '2Gi' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B6] keeps its volume while its deletion is held up',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v', { deleting: true })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) terminating 1Gi'],
    },
    {
      title: '[B3] follows the access modes of its volume',
      volumes: [volume('v', { to: 'c', modes: ['ReadWriteOnce', 'ReadOnlyMany'], controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      check: async (world) => {
        expect((await world.claim('c')).status?.accessModes).toEqual(['ReadWriteOnce', 'ReadOnlyMany']);
      },
    },
  ]);
});
