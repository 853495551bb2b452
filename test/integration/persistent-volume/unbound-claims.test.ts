import { describe } from 'vitest';
import { claim, storageClass, volume } from './objects.ts';
import { runTable } from './table.ts';

const noVolume = 'c Normal FailedBinding no persistent volumes available for this claim and no storage class is set';
const consumer = 'c Normal WaitForFirstConsumer waiting for first consumer to be created before binding';
const rwo = ['ReadWriteOnce'];
const rwx = ['ReadWriteMany'];
const both = [...rwo, ...rwx];
const csi = { csi: { driver: 'driver.example.com', volumeHandle: 'h' } };

describe('[B3] [B4] [B5] [B8] [B9] [rel-B3] [rel-B4] a claim that names no volume', () => {
  runTable([
    {
      title: '[B4] [B8] is bound to the only volume',
      volumes: [volume('v')],
      claims: [claim('c')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B4] waits when there is no volume',
      claims: [claim('c')],
      out: ['c Pending'],
      events: [noVolume],
    },
    {
      title: '[B3] [B4] goes back to Pending when it had a phase that it has not earned',
      claims: [claim('c', { phase: 'Bound' })],
      out: ['c Pending'],
      events: [noVolume],
    },
    {
      title: '[B3] [B4] loses a capacity that it has not earned',
      claims: [claim('c', { capacity: '1Gi' })],
      out: ['c Pending'],
      events: [noVolume],
    },
    {
      title: '[B3] has the size and the access modes of its volume, not those that it asked for',
      volumes: [volume('v', { size: '10Gi', modes: both })],
      claims: [claim('c', { size: '2Gi' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 10Gi'],
    },
    {
      title: '[B9] gets the smallest volume that is large enough',
      volumes: [volume('a', { size: '20Gi' }), volume('b', { size: '10Gi' }), volume('d', { size: '500Mi' })],
      claims: [claim('c')],
      out: ['a Available', 'b Bound to c (controller)', 'd Available', 'c Bound on b (controller) 10Gi'],
    },
    {
      title: '[B9] compares sizes as quantities: 1000Mi is less than 1Gi',
      volumes: [volume('v', { size: '1000Mi' })],
      claims: [claim('c', { size: '1Gi' })],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B9] prefers fewer access modes to a smaller size',
      volumes: [volume('many', { modes: both }), volume('one', { size: '5Gi' })],
      claims: [claim('c')],
      out: ['many Available', 'one Bound to c (controller)', 'c Bound on one (controller) 5Gi'],
    },
    {
      title: '[B9] takes a volume of more access modes when no other is large enough',
      volumes: [volume('many', { size: '10Gi', modes: both }), volume('one')],
      claims: [claim('c', { size: '5Gi' })],
      out: ['many Bound to c (controller)', 'one Available', 'c Bound on many (controller) 10Gi'],
    },
    {
      title: '[B9] does not take a volume that lacks an access mode',
      volumes: [volume('v')],
      claims: [claim('c', { modes: rwx })],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B9] needs every access mode that it asks for',
      volumes: [volume('a'), volume('b', { modes: rwx }), volume('d', { modes: both, size: '9Gi' })],
      claims: [claim('c', { modes: both })],
      out: ['a Available', 'b Available', 'd Bound to c (controller)', 'c Bound on d (controller) 9Gi'],
    },
    {
      title: '[B9] gets the only volume that its selector selects',
      volumes: [volume('v'), volume('w', { size: '9Gi', labels: { tier: 'gold' } })],
      claims: [claim('c', { spec: { selector: { matchLabels: { tier: 'gold' } } } })],
      out: ['v Available', 'w Bound to c (controller)', 'c Bound on w (controller) 9Gi'],
    },
    {
      title: '[B9] waits when its selector selects none',
      volumes: [volume('v', { labels: { tier: 'silver' } })],
      claims: [claim('c', { spec: { selector: { matchLabels: { tier: 'gold' } } } })],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B9] understands expressions in its selector',
      volumes: [volume('v', { labels: { tier: 'silver' } }), volume('w', { labels: { tier: 'tin' } })],
      claims: [
        claim('c', {
          spec: { selector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['silver'] }] } },
        }),
      ],
      out: ['v Available', 'w Bound to c (controller)', 'c Bound on w (controller) 1Gi'],
    },
    {
      title: '[B9] [rel-B4] does not take a volume that is being deleted',
      volumes: [volume('v', { deleting: true })],
      claims: [claim('c')],
      out: ['v Available terminating', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B9] [rel-B4] does not take a volume that is reserved for another claim',
      volumes: [volume('v', { for: 'other' })],
      claims: [claim('c')],
      out: ['v Available for other', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[rel-B3] does not take a volume whose claim of the same name is gone',
      volumes: [volume('v', { toGone: 'c', phase: 'Released' })],
      claims: [claim('c')],
      out: ['v Released to gone c', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B5] gets the volume that is reserved for it, though a smaller one is free',
      volumes: [volume('a', { for: 'c', size: '50Gi' }), volume('b')],
      claims: [claim('c')],
      out: ['a Bound to c', 'b Available', 'c Bound on a (controller) 50Gi'],
    },
    {
      title: '[B5] gets the volume that is reserved for it by uid',
      volumes: [volume('v', { to: 'c' })],
      claims: [claim('c')],
      out: ['v Bound to c', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B5] does not get a volume reserved for it that is too small',
      volumes: [volume('v', { for: 'c' })],
      claims: [claim('c', { size: '5Gi' })],
      out: ['v Available for c', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B5] does not get a volume reserved for it that lacks an access mode',
      volumes: [volume('v', { for: 'c' })],
      claims: [claim('c', { modes: rwx })],
      out: ['v Available for c', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B5] gets a volume reserved for it whose labels its selector does not select',
      volumes: [volume('v', { for: 'c' })],
      claims: [claim('c', { spec: { selector: { matchLabels: { tier: 'gold' } } } })],
      out: ['v Bound to c', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B8] is bound to the volume that a controller before this one had begun to bind',
      volumes: [volume('a', { size: '9Gi', to: 'c', controller: true, phase: 'Bound' }), volume('b')],
      claims: [claim('c')],
      out: ['a Bound to c (controller)', 'b Available', 'c Bound on a (controller) 9Gi'],
    },
    {
      title: '[B9] gives two claims one volume each',
      volumes: [volume('a'), volume('b', { size: '2Gi' })],
      claims: [claim('c'), claim('d', { size: '2Gi' })],
      out: [
        'a Bound to c (controller)',
        'b Bound to d (controller)',
        'c Bound on a (controller) 1Gi',
        'd Bound on b (controller) 2Gi',
      ],
    },
    {
      title: '[B4] is given nothing new once its deletion has begun',
      volumes: [volume('v')],
      claims: [claim('c', { deleting: true })],
      out: ['v Available', 'c Pending terminating'],
    },
    {
      title: '[B8] is bound to the end although its deletion has begun, where the binding had begun before',
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' })],
      claims: [claim('c', { deleting: true })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) terminating 1Gi'],
    },
  ]);
});

describe('[B5] [B7] [B9] [rel-B4] the volume mode of a claim', () => {
  const mismatch = (v: string) => [
    `${v} Warning VolumeMismatch Cannot bind PersistentVolume to requested PersistentVolumeClaim "c" due to incompatible volumeMode.`,
    `c Warning VolumeMismatch Cannot bind PersistentVolume "${v}" to requested PersistentVolumeClaim due to incompatible volumeMode.`,
  ];
  runTable([
    {
      title: '[B9] [rel-B4] Filesystem: does not fit a Block volume',
      volumes: [volume('v', { mode: 'Block' })],
      claims: [claim('c', { mode: 'Filesystem' })],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B9] [rel-B4] Block: does not fit a Filesystem volume',
      volumes: [volume('v', { mode: 'Filesystem' })],
      claims: [claim('c', { mode: 'Block' })],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B9] Block: fits a Block volume',
      volumes: [volume('a', { mode: 'Filesystem' }), volume('b', { mode: 'Block' })],
      claims: [claim('c', { mode: 'Block' })],
      out: ['a Available', 'b Bound to c (controller)', 'c Bound on b (controller) 1Gi'],
    },
    {
      title: '[B9] not given: fits a Filesystem volume',
      volumes: [volume('v', { mode: 'Filesystem' })],
      claims: [claim('c')],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B9] Filesystem: fits a volume whose mode is not given',
      volumes: [volume('v')],
      claims: [claim('c', { mode: 'Filesystem' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B7] unlike that of the volume reserved for it by uid: told on both',
      volumes: [volume('v', { to: 'c', mode: 'Block' })],
      claims: [claim('c')],
      out: ['v Available to c', 'c Pending'],
      events: [...mismatch('v'), noVolume],
    },
    {
      title: '[B5] unlike that of the volume reserved for it by name: both wait',
      volumes: [volume('v', { for: 'c', mode: 'Block' })],
      claims: [claim('c')],
      out: ['v Available for c', 'c Pending'],
      events: [noVolume],
    },
  ]);
});

describe('[B4] [B8] [B10] the class of a claim', () => {
  const external = (name: string) => storageClass(name, 'driver.example.com');
  const asked = 'c Normal ExternalProvisioning Waiting for a volume to be created';
  runTable([
    {
      title: '[B10] finds the volume of that class',
      volumes: [volume('a'), volume('b', { class: 'gold', size: '9Gi' })],
      claims: [claim('c', { class: 'gold' })],
      classes: [external('gold')],
      out: ['a Available', 'b Bound to c (controller)', 'c Bound on b (controller) 9Gi'],
    },
    {
      title: '[B10] finds volumes although the class itself does not exist',
      volumes: [volume('v', { class: 'gold' })],
      claims: [claim('c', { class: 'gold' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B10] empty: does not find a volume of a class',
      volumes: [volume('v', { class: 'gold' })],
      claims: [claim('c')],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B10] does not find a volume of another class',
      volumes: [volume('v', { class: 'silver' })],
      claims: [claim('c', { class: 'gold' })],
      classes: [external('gold')],
      out: ['v Available', 'c Pending'],
      events: [asked],
    },
    {
      title: '[B10] does not find a volume without a class',
      volumes: [volume('v')],
      claims: [claim('c', { class: 'gold' })],
      classes: [external('gold')],
      out: ['v Available', 'c Pending'],
      events: [asked],
    },
    {
      title: '[B10] is taken from the old annotation first',
      volumes: [volume('v', { class: 'silver' }), volume('w', { class: 'gold' })],
      claims: [claim('c', { class: 'silver', annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } })],
      out: ['v Available', 'w Bound to c (controller)', 'c Bound on w (controller) 1Gi'],
    },
    {
      title: "[B10] is compared with the volume's old annotation first",
      volumes: [volume('v', { annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } })],
      claims: [claim('c', { class: 'gold' })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B4] that waits for a consumer: leaves free volumes to the scheduler',
      volumes: [volume('v', { class: 'wait' })],
      claims: [claim('c', { class: 'wait' })],
      classes: [storageClass('wait', 'driver.example.com', { wait: true })],
      out: ['v Available', 'c Pending'],
      events: [consumer],
    },
    {
      title: '[B4] that waits for a consumer: binds the volume that is reserved for the claim',
      volumes: [volume('v', { class: 'wait', to: 'c', controller: true })],
      claims: [claim('c', { class: 'wait' })],
      classes: [storageClass('wait', 'driver.example.com', { wait: true })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
    {
      title: '[B4] that waits for a consumer: is provisioned when a node is selected, and free volumes stay free',
      volumes: [volume('v', { class: 'wait' })],
      claims: [claim('c', { class: 'wait', annotations: { 'volume.kubernetes.io/selected-node': 'n' } })],
      classes: [storageClass('wait', 'driver.example.com', { wait: true })],
      out: ['v Available', 'c Pending'],
      events: [asked],
    },
    {
      title: '[B10] of attributes that the volume lacks: it is not taken',
      volumes: [volume('v')],
      claims: [claim('c', { spec: { volumeAttributesClassName: 'fast' } })],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B10] of attributes that the volume has and the claim does not ask for: it is not taken',
      volumes: [volume('v', { source: csi, spec: { volumeAttributesClassName: 'fast' } })],
      claims: [claim('c')],
      out: ['v Available', 'c Pending'],
      events: [noVolume],
    },
    {
      title: '[B8] [B10] of attributes that both have: it is taken',
      volumes: [volume('v', { source: csi, spec: { volumeAttributesClassName: 'fast' } })],
      claims: [claim('c', { spec: { volumeAttributesClassName: 'fast' } })],
      out: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
    },
  ]);
});
