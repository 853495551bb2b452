import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/index.ts';
import { ControllerPlugins } from '../../volume-plugins/index.ts';
import { type TestClaim, testClaim, testClaimRef, testClass, testVolume } from '../common/test-objects.ts';
import { type ClaimWorld, decideClaim, whyVolumeDoesNotSatisfy } from './decide-claim.ts';
import { chooseProvisioner, type Provisioners } from './provisioners.ts';
import type { Match } from './volume-cache.ts';

interface World {
  readonly volumes?: readonly PersistentVolume[];
  readonly classes?: readonly StorageClass[];
  readonly match?: Match;
  readonly pods?: readonly string[];
  readonly defaultClass?: StorageClass;
}

const provisioners: Provisioners = {
  plugins: new ControllerPlugins([]),
  migratedDriver: () => undefined,
  dynamicProvisioning: true,
};

function world({ volumes = [], classes = [], match = { kind: 'none' }, pods = [], defaultClass }: World): ClaimWorld {
  return {
    volume: (name) => volumes.find((volume) => volume.metadata.name === name),
    findBestMatch: () => match,
    storageClass: (name) => classes.find((storageClass) => storageClass.metadata.name === name),
    provisionerOf: (storageClass) => chooseProvisioner(provisioners, storageClass),
    defaultClass: () => defaultClass,
    unscheduledPods: () => pods,
  };
}

const immediate = testClass('fast');
const waiting = testClass('wait', { volumeBindingMode: 'WaitForFirstConsumer' });
const volume = testVolume('v');
const boundMeta = { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } };
const nodeChosen = { annotations: { 'volume.kubernetes.io/selected-node': 'n1' } };

function claimOf(className: string | undefined, more: TestClaim = {}): PersistentVolumeClaim {
  const claim = testClaim('c', more);
  const { storageClassName: _, ...spec } = claim.spec;
  return { ...claim, spec: className === undefined ? spec : { ...spec, storageClassName: className } };
}

const event = (reason: string, message: string, type = 'Normal') => ({ type, reason, message });

describe('a claim that was never bound and names no volume', () => {
  const cases: readonly [string, PersistentVolumeClaim, World, object][] = [
    [
      '[B4] is bound to the volume that matches best',
      claimOf(''),
      { match: { kind: 'available', volume } },
      { kind: 'bind', volume, chosen: true },
    ],
    [
      '[B4] is bound to a volume reserved for it even while its class waits for a pod',
      claimOf('wait'),
      { classes: [waiting], match: { kind: 'reserved', volume } },
      { kind: 'bind', volume, chosen: false },
    ],
    [
      '[B4] waits without a word for a volume that is about to be Available',
      claimOf('fast'),
      { classes: [immediate], match: { kind: 'arriving', volume } },
      { kind: 'wait', event: undefined, forAnyVolume: true },
    ],
    [
      '[B15] gets the default class when it says nothing about its class',
      claimOf(undefined),
      { defaultClass: immediate },
      { kind: 'assignClass', className: 'fast' },
    ],
    [
      '[B15] [rel-B9] keeps class "" although there is a default class',
      claimOf(''),
      { defaultClass: immediate },
      {
        kind: 'wait',
        event: event('FailedBinding', 'no persistent volumes available for this claim and no storage class is set'),
      },
    ],
    [
      '[B4] waits for a consumer when its class says so',
      claimOf('wait'),
      { classes: [waiting] },
      { kind: 'wait', event: event('WaitForFirstConsumer', 'waiting for first consumer to be created before binding') },
    ],
    [
      '[B4] names the pod that has no node yet',
      claimOf('wait'),
      { classes: [waiting], pods: ['web-0'] },
      { kind: 'wait', event: event('WaitForPodScheduled', 'waiting for pod web-0 to be scheduled') },
    ],
    [
      '[B4] names all pods that have no node yet',
      claimOf('wait'),
      { classes: [waiting], pods: ['a', 'b'] },
      { kind: 'wait', event: event('WaitForPodScheduled', 'waiting for pods a,b to be scheduled') },
    ],
    [
      '[B13] is handed to the provisioner once a node is selected',
      claimOf('wait', { meta: nodeChosen }),
      { classes: [waiting] },
      { kind: 'provision', provisioner: 'driver.example.com', forAnyVolume: false },
    ],
    [
      '[B13] is handed to the external provisioner of its class',
      claimOf('fast'),
      { classes: [immediate] },
      {
        kind: 'provision',
        provisioner: 'driver.example.com',
        event: event(
          'ExternalProvisioning',
          "Waiting for a volume to be created either by the external provisioner 'driver.example.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
        ),
        forAnyVolume: true,
      },
    ],
    [
      '[B13] stays Pending while its class is missing',
      claimOf('x'),
      {},
      { kind: 'wait', event: event('ProvisioningFailed', 'storageclass.storage.k8s.io "x" not found', 'Warning') },
    ],
    [
      '[B13] is never provisioned by no-provisioner',
      claimOf('local'),
      { classes: [testClass('local', { provisioner: 'kubernetes.io/no-provisioner' })] },
      {
        kind: 'wait',
        event: event('ProvisioningFailed', 'no volume plugin matched name: kubernetes.io/no-provisioner', 'Warning'),
      },
    ],
    [
      '[W2] is given nothing new while it is being deleted',
      claimOf('fast', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      { classes: [immediate], match: { kind: 'available', volume } },
      { kind: 'wait', event: undefined, forAnyVolume: false },
    ],
  ];
  it.each(cases)('%s', (_title, claim, given, expected) => {
    expect(decideClaim(claim, world(given))).toMatchObject(expected);
  });
});

describe('a claim that names its volume', () => {
  const named = testClaim('c', { spec: { volumeName: 'v', selector: { matchLabels: { never: 'asked' } } } });
  const cases: readonly [string, PersistentVolume[], object][] = [
    ['[B5] waits while the volume is missing', [], { kind: 'wait', event: undefined }],
    ['[B5] takes a free volume whatever its selector says', [volume], { kind: 'bind', volume, chosen: true }],
    [
      '[B5] completes a binding that its volume began',
      [testVolume('v', { spec: { claimRef: testClaimRef('c', 'uid-c') } })],
      { kind: 'bind', chosen: false },
    ],
    [
      '[B5] waits while another claim has the volume',
      [testVolume('v', { spec: { claimRef: testClaimRef('other', 'uid-other') } })],
      { kind: 'wait', event: event('FailedBinding', 'volume "v" already bound to a different claim.', 'Warning') },
    ],
    [
      '[B5] [rel-B3] waits while an earlier claim of its name has the volume',
      [testVolume('v', { spec: { claimRef: testClaimRef('c', 'uid-earlier') } })],
      { kind: 'wait', event: event('FailedBinding', 'volume "v" already bound to a different claim.', 'Warning') },
    ],
    [
      '[B5] tells why the volume does not do',
      [testVolume('v', { size: '1Mi' })],
      {
        kind: 'wait',
        event: event('VolumeMismatch', 'Cannot bind to requested volume "v": requested PV is too small', 'Warning'),
      },
    ],
  ];
  it.each(cases)('%s', (_title, volumes, expected) => {
    expect(decideClaim(named, world({ volumes }))).toMatchObject(expected);
  });

  it('[B5] is refused for the first of six reasons', () => {
    const deleted = testVolume('v', { size: '1Mi', meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    expect(whyVolumeDoesNotSatisfy(deleted, named)).toBe('the volume is marked for deletion "v"');
    const refusal = (spec: Partial<PersistentVolume['spec']>) =>
      whyVolumeDoesNotSatisfy(testVolume('v', { spec }), named);
    expect(refusal({ storageClassName: 'x', volumeMode: 'Block' })).toBe('storageClassName does not match');
    expect(refusal({ volumeAttributesClassName: 'x' })).toBe('volumeAttributesClassName does not match');
    expect(refusal({ volumeMode: 'Block', accessModes: [] })).toBe('incompatible volumeMode');
    expect(refusal({ accessModes: ['ReadOnlyMany'] })).toBe('incompatible accessMode');
    expect(refusal({})).toBeUndefined();
  });
});

describe('a claim that was bound', () => {
  const bound = testClaim('c', { meta: boundMeta, spec: { volumeName: 'v' } });
  const lost = (message: string, reason = 'ClaimLost') => ({
    kind: 'lose',
    event: { type: 'Warning', reason, message },
  });
  const cases: readonly [string, PersistentVolumeClaim, PersistentVolume[], object][] = [
    [
      '[B6] is lost when it names no volume any more',
      testClaim('c', { meta: boundMeta }),
      [],
      lost('Bound claim has lost reference to PersistentVolume. Data on the volume is lost!'),
    ],
    [
      '[B6] [rel-B8] is lost when its volume is gone',
      bound,
      [],
      lost('Bound claim has lost its PersistentVolume. Data on the volume is lost!'),
    ],
    ['[B6] is bound again when the volume forgot it', bound, [volume], { kind: 'bind', chosen: false }],
    [
      '[B6] stays bound to a volume that names it',
      bound,
      [testVolume('v', { spec: { claimRef: testClaimRef('c', 'uid-c') } })],
      { kind: 'bind' },
    ],
    [
      '[B6] [rel-B1] is lost when the volume belongs to another claim',
      bound,
      [testVolume('v', { spec: { claimRef: testClaimRef('c', 'uid-other') } })],
      lost('Two claims are bound to the same volume, this one is bound incorrectly', 'ClaimMisbound'),
    ],
  ];
  it.each(cases)('%s', (_title, claim, volumes, expected) => {
    expect(decideClaim(claim, world({ volumes }))).toMatchObject(expected);
  });
});
