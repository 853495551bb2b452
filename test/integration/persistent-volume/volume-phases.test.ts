import { describe } from 'vitest';
import { boundClaim, claim, volume } from './objects.ts';
import { runTable } from './table.ts';

const noVolume = 'c Normal FailedBinding no persistent volumes available for this claim and no storage class is set';

describe('[B2] [B7] [B11] [W1] [rel-B3] the phase of a volume', () => {
  runTable([
    {
      title: '[B2] [W1] new: becomes Available',
      volumes: [volume('v', { phase: 'Pending' })],
      out: ['v Available'],
    },
    {
      title: '[B2] [B7] new and reserved by name: becomes Available',
      volumes: [volume('v', { phase: 'Pending', for: 'c' })],
      out: ['v Available for c'],
    },
    {
      title: '[B7] [W1] Bound and no longer claimed: becomes Available',
      volumes: [volume('v', { phase: 'Bound' })],
      out: ['v Available'],
    },
    {
      title: '[B2] [W1] Released, its claimRef cleared by an administrator: becomes Available',
      volumes: [volume('v', { toGone: 'c', phase: 'Released' })],
      later: (world) => world.patchVolume('v', { spec: { claimRef: null } }),
      out: ['v Available'],
    },
    {
      title: '[B2] [W1] Failed, its claimRef cleared by an administrator: becomes Available',
      volumes: [volume('v', { toGone: 'c', phase: 'Failed' })],
      later: (world) => world.patchVolume('v', { spec: { claimRef: null } }),
      out: ['v Available'],
    },
    {
      title: "[B2] [rel-B3] Released, only its claimRef's uid cleared: becomes Available for the claim of that name",
      volumes: [volume('v', { toGone: 'c', phase: 'Released' })],
      later: (world) => world.patchVolume('v', { spec: { claimRef: { uid: null } } }),
      out: ['v Available for c'],
    },
    {
      title: '[B7] Bound to a claim that never was: becomes Released',
      volumes: [volume('v', { toGone: 'c', phase: 'Bound' })],
      out: ['v Released to gone c'],
    },
    {
      title: '[B7] Available and bound to a claim that is gone: becomes Released',
      volumes: [volume('v', { toGone: 'c', phase: 'Available' })],
      out: ['v Released to gone c'],
    },
    {
      title: '[B7] Bound, its claim deleted: becomes Released',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'v')],
      later: (world) => world.removeClaim('c'),
      out: ['v Released to gone c (controller)'],
    },
    {
      title: '[B7] [rel-B3] Bound to a claim whose name another claim has now: becomes Released',
      volumes: [volume('v', { toGone: 'c', phase: 'Bound' })],
      claims: [claim('c')],
      out: ['v Released to gone c', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B7] reserved by the controller for a claim that waits: the claim is bound to it',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' })],
      claims: [claim('c')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B7] reserved by a user for a claim that waits: the claim is bound to it',
      volumes: [volume('v', { to: 'c', phase: 'Bound' })],
      claims: [claim('c')],
      out: ['v Bound to c', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B7] Available, and its claim names it: becomes Bound',
      volumes: [volume('v', { to: 'c', phase: 'Available' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B7] Released by mistake, and its claim names it: becomes Bound again',
      volumes: [volume('v', { to: 'c', phase: 'Released' })],
      claims: [boundClaim('c', 'v')],
      out: ['v Bound to c', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B7] [W1] bound by the controller to a claim that has another volume: is free again',
      volumes: [
        volume('v', { to: 'c', controller: true, phase: 'Bound' }),
        volume('w', { to: 'c', controller: true, phase: 'Bound' }),
      ],
      claims: [boundClaim('c', 'w')],
      out: ['v Available', 'w Bound to c (controller)', 'c Bound on w (controller) 1Gi'],
    },
    {
      title: '[B7] bound by a user to a claim that has another volume: stays reserved for the name',
      volumes: [volume('v', { to: 'c', phase: 'Bound' }), volume('w', { to: 'c', controller: true, phase: 'Bound' })],
      claims: [boundClaim('c', 'w')],
      out: ['v Available for c', 'w Bound to c (controller)', 'c Bound on w (controller) 1Gi'],
    },
    {
      title:
        '[B7] [B11] provisioned for a claim that has another volume: becomes Released, for its provisioner to delete',
      volumes: [
        volume('v', {
          to: 'c',
          phase: 'Bound',
          policy: 'Delete',
          class: 'gold',
          provisionedBy: 'driver.example.com',
          source: { csi: { driver: 'driver.example.com', volumeHandle: 'h' } },
        }),
        volume('w', { to: 'c', controller: true, phase: 'Bound' }),
      ],
      claims: [boundClaim('c', 'w')],
      out: ['v Released to c', 'w Bound to c (controller)', 'c Bound on w (controller) 1Gi'],
    },
    {
      title: '[B7] provisioned under Retain for a claim that has another volume: stays reserved for the name',
      volumes: [
        volume('v', { to: 'c', phase: 'Bound', provisionedBy: 'driver.example.com' }),
        volume('w', { to: 'c', controller: true, phase: 'Bound' }),
      ],
      claims: [boundClaim('c', 'w')],
      out: ['v Available for c', 'w Bound to c (controller)', 'c Bound on w (controller) 1Gi'],
    },
    {
      title: '[W1] being deleted: its phase stays',
      volumes: [volume('v', { phase: 'Released', toGone: 'c', deleting: true })],
      out: ['v Released to gone c terminating'],
    },
    {
      title: '[B11] under Retain and Failed: stays Failed',
      volumes: [volume('v', { phase: 'Failed', toGone: 'c' })],
      out: ['v Failed to gone c'],
    },
  ]);
});
