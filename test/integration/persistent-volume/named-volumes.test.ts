import { describe } from 'vitest';
import { claim, volume } from './objects.ts';
import { runTable } from './table.ts';

const refused = (why: string) => `c Warning VolumeMismatch Cannot bind to requested volume "v": ${why}`;
const taken = 'c Warning FailedBinding volume "v" already bound to a different claim.';
const rwx = ['ReadWriteMany'];

describe('[B3] [B5] [B8] [B9] [rel-B1] [rel-B3] a claim that names its volume', () => {
  runTable([
    {
      title: '[B5] waits while there is no such volume',
      claims: [claim('c', { on: 'v' })],
      out: ['c Pending on v incomplete'],
    },
    {
      title: '[B3] [B5] goes back to Pending while there is no such volume',
      claims: [claim('c', { on: 'v', phase: 'Bound' })],
      out: ['c Pending on v incomplete'],
    },
    {
      title: '[B5] leaves other volumes alone while there is no such volume',
      volumes: [volume('w')],
      claims: [claim('c', { on: 'v' })],
      out: ['w Available', 'c Pending on v incomplete'],
    },
    {
      title: '[B5] [B8] is bound to it, and keeps that a user chose the volume',
      volumes: [volume('v')],
      claims: [claim('c', { on: 'v' })],
      out: ['v Bound to c (controller)', 'c Bound on v 1Gi'],
    },
    {
      title: '[B5] is bound to it when the volume is reserved for the claim by name: nothing of it is the controller',
      volumes: [volume('v', { for: 'c' })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Bound to c', 'c Bound on v 1Gi'],
    },
    {
      title: '[B5] is bound to it when the volume is reserved for the claim by uid',
      volumes: [volume('v', { to: 'c' })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Bound to c', 'c Bound on v 1Gi'],
    },
    {
      title: '[B5] is bound to it before the volume is Available',
      volumes: [volume('v', { phase: 'Pending' })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Bound to c (controller)', 'c Bound on v 1Gi'],
    },
    {
      title: '[B5] does not get a volume that is reserved for another claim',
      volumes: [volume('v', { for: 'other' })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Available for other', 'c Pending on v incomplete'],
      events: [taken],
    },
    {
      title: '[B5] [rel-B3] does not get a volume of a claim of the same name that is gone',
      volumes: [volume('v', { toGone: 'c', phase: 'Released' })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Released to gone c', 'c Pending on v incomplete'],
      events: [taken],
    },
    {
      title: '[B3] [B5] loses a phase and a capacity that it has not earned when the volume is taken',
      volumes: [volume('v', { for: 'other' })],
      claims: [claim('c', { on: 'v', phase: 'Bound' })],
      out: ['v Available for other', 'c Pending on v incomplete'],
      events: [taken],
    },
    {
      title: '[B5] waits for a volume that the controller chose and that is taken now',
      volumes: [volume('v', { for: 'other' })],
      claims: [claim('c', { on: 'v', controller: true })],
      out: ['v Available for other', 'c Pending on v (controller) incomplete'],
      events: [taken],
    },
    {
      title: '[B5] gets it although its selector does not select it',
      volumes: [volume('v', { labels: { tier: 'silver' } })],
      claims: [claim('c', { on: 'v', spec: { selector: { matchLabels: { tier: 'gold' } } } })],
      out: ['v Bound to c (controller)', 'c Bound on v 1Gi'],
    },
    {
      title: '[B5] does not get it when it is too small',
      volumes: [volume('v')],
      claims: [claim('c', { on: 'v', size: '2Gi' })],
      out: ['v Available', 'c Pending on v incomplete'],
      events: [refused('requested PV is too small')],
    },
    {
      title: '[B5] does not get it when its class is another',
      volumes: [volume('v', { class: 'gold' })],
      claims: [claim('c', { on: 'v', class: 'silver' })],
      out: ['v Available', 'c Pending on v incomplete'],
      events: [refused('storageClassName does not match')],
    },
    {
      title: '[B5] does not get it when only one of the two has a class',
      volumes: [volume('v', { class: 'gold' })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Available', 'c Pending on v incomplete'],
      events: [refused('storageClassName does not match')],
    },
    {
      title: '[B5] gets it when both have the class',
      volumes: [volume('v', { class: 'gold' })],
      claims: [claim('c', { on: 'v', class: 'gold' })],
      out: ['v Bound to c (controller)', 'c Bound on v 1Gi'],
    },
    {
      title: '[B5] does not get it when its attributes class is another',
      volumes: [volume('v')],
      claims: [claim('c', { on: 'v', spec: { volumeAttributesClassName: 'fast' } })],
      out: ['v Available', 'c Pending on v incomplete'],
      events: [refused('volumeAttributesClassName does not match')],
    },
    {
      title: '[B5] does not get it when it is Block and the claim Filesystem',
      volumes: [volume('v', { mode: 'Block' })],
      claims: [claim('c', { on: 'v', mode: 'Filesystem' })],
      out: ['v Available', 'c Pending on v incomplete'],
      events: [refused('incompatible volumeMode')],
    },
    {
      title: '[B5] does not get it when it is Filesystem and the claim Block',
      volumes: [volume('v')],
      claims: [claim('c', { on: 'v', mode: 'Block' })],
      out: ['v Available', 'c Pending on v incomplete'],
      events: [refused('incompatible volumeMode')],
    },
    {
      title: '[B5] gets it when both are Block',
      volumes: [volume('v', { mode: 'Block' })],
      claims: [claim('c', { on: 'v', mode: 'Block' })],
      out: ['v Bound to c (controller)', 'c Bound on v 1Gi'],
    },
    {
      title: '[B5] does not get it when it lacks an access mode',
      volumes: [volume('v')],
      claims: [claim('c', { on: 'v', modes: rwx })],
      out: ['v Available', 'c Pending on v incomplete'],
      events: [refused('incompatible accessMode')],
    },
    {
      title: '[B5] does not get it when it is being deleted',
      volumes: [volume('v', { deleting: true })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Available terminating', 'c Pending on v incomplete'],
      events: [refused('the volume is marked for deletion "v"')],
    },
    {
      title: '[B5] gets a large volume whole',
      volumes: [volume('v', { size: '100Gi' })],
      claims: [claim('c', { on: 'v' })],
      out: ['v Bound to c (controller)', 'c Bound on v 100Gi'],
    },
    {
      title: '[B9] [rel-B1] gets it although another claim would have chosen it: one of the two is bound to it',
      volumes: [volume('v')],
      claims: [claim('c', { on: 'v' }), claim('d', { size: '5Gi' })],
      out: ['v Bound to c (controller)', 'c Bound on v 1Gi', 'd Pending'],
      events: ['d Normal FailedBinding no persistent volumes available'],
    },
  ]);
});
