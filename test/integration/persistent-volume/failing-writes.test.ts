/** Each write of each transition fails once, in three ways: the end is the same, and nothing is said twice. */
import { describe } from 'vitest';
import type { Fault } from './faults.ts';
import { boundClaim, claim, storageClass, volume } from './objects.ts';
import { type Case, runTable } from './table.ts';

const volumeSpec = 'update PersistentVolume';
const volumeStatus = 'update PersistentVolume/status';
const claimSpec = 'update PersistentVolumeClaim';
const claimStatus = 'update PersistentVolumeClaim/status';

const ways: readonly (readonly [string, Omit<Fault, 'call'>])[] = [
  ['lost against another writer', { reason: 'Conflict' }],
  ['refused', { reason: 'InternalError' }],
  ['done, and the answer lost', { reason: 'Timeout', lands: true }],
];

/** The case once for each write and each way. */
function withEachFault(given: Omit<Case, 'faults'>, calls: readonly string[]): readonly Case[] {
  return calls.flatMap((call) =>
    ways.map(([way, fault]) => ({
      ...given,
      title: `${given.title}: ${call} is ${way}`,
      faults: [{ call, ...fault }],
    })),
  );
}

describe('[B2] [B5] [B6] [B7] [B8] [B9] [B13] [rel-B1] [rel-L1] [rel-L13] a write that fails', () => {
  runTable([
    ...withEachFault(
      {
        title: '[B8] [rel-L1] while a claim is bound',
        volumes: [volume('v')],
        claims: [claim('c')],
        out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
      },
      [volumeSpec, volumeStatus, claimSpec, claimStatus],
    ),
    ...withEachFault(
      {
        title: '[B5] [B8] while both name each other',
        volumes: [volume('v', { for: 'c' })],
        claims: [claim('c', { on: 'v' })],
        out: ['v Bound to c', 'c Bound on v 1Gi'],
      },
      [volumeSpec, volumeStatus, claimSpec, claimStatus],
    ),
    ...withEachFault(
      {
        title: '[B9] [rel-B1] while two claims are bound',
        volumes: [volume('v'), volume('w', { size: '2Gi' })],
        claims: [claim('c'), claim('d', { size: '2Gi' })],
        out: [
          'v Bound to c (controller)',
          'w Bound to d (controller)',
          'c Bound on v (controller) 1Gi',
          'd Bound on w (controller) 2Gi',
        ],
      },
      [volumeSpec, claimSpec],
    ),
    ...withEachFault(
      {
        title: '[B2] while a new volume becomes Available',
        volumes: [volume('v', { phase: 'Pending' })],
        out: ['v Available'],
      },
      [volumeStatus],
    ),
    ...withEachFault(
      {
        title: '[B7] while a volume is released',
        volumes: [volume('v', { toGone: 'c', phase: 'Bound' })],
        out: ['v Released to gone c'],
      },
      [volumeStatus],
    ),
    ...withEachFault(
      {
        title: '[B7] while a volume is unbound',
        volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' }), volume('w', { to: 'c', phase: 'Bound' })],
        claims: [boundClaim('c', 'w')],
        out: ['v Available', 'w Bound to c', 'c Bound on w (controller) 1Gi'],
      },
      [volumeSpec, volumeStatus],
    ),
    ...withEachFault(
      {
        title: '[B13] while a provisioner is asked',
        classes: [storageClass('gold', 'd.example.com')],
        claims: [claim('c', { class: 'gold' })],
        out: ['c Pending'],
        events: ['c Normal ExternalProvisioning'],
      },
      [claimSpec],
    ),
  ]);

  // An answer that is lost takes the event with it: the phase is right already when it is looked at again.
  const told = ways.filter(([, fault]) => !fault.lands);
  runTable(
    told.map(([way, fault]) => ({
      title: `[B6] [rel-L13] while a claim is called Lost: is ${way}`,
      claims: [boundClaim('c', 'v')],
      faults: [{ call: claimStatus, ...fault }],
      out: ['c Lost on v (controller)'],
      events: ['c Warning ClaimLost'],
    })),
  );
});
