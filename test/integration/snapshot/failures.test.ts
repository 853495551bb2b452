import { describe, expect } from 'vitest';
import { driver, snap, taken, usual } from './objects.ts';
import { runTable } from './table.ts';

const withoutClass = { name: 'snap', of: 'data' };
const creating = 'snap Normal CreatingSnapshot Waiting for a snapshot default/snap to be created by the CSI driver.';
const waiting = ['snap gold unready of own [source bound]', 'own to snap Delete gold [held]', 'data Bound [protected]'];
const noDefault = (why: string) => `Failed to set default snapshot class with error ${why}`;
const noClass = (name: string) =>
  `Failed to get snapshot class with error volumesnapshotclass.snapshot.storage.k8s.io "${name}" not found`;
const noInput = (why: string) =>
  `Failed to create snapshot content with error failed to get input parameters to create snapshot snap: "${why}"`;
const noContent = (why: string) => `Failed to create snapshot content with error ${why}`;
const unbound = 'the PVC data is not yet bound to a PV, will not attempt to take a snapshot';
const secrets = (name: string | undefined, namespace: string | undefined) => ({
  ...(name === undefined ? {} : { 'csi.storage.k8s.io/snapshotter-secret-name': name }),
  ...(namespace === undefined ? {} : { 'csi.storage.k8s.io/snapshotter-secret-namespace': namespace }),
});

describe('[S2] [S3] [W10] [rel-L13] the class of a snapshot', () => {
  runTable([
    {
      title: '[S2] is the default of its driver, when it names none',
      ...usual,
      classes: [...usual.classes, { name: 'other', driver: 'other.csi', isDefault: true }],
      snapshots: [withoutClass],
      out: waiting,
      events: [creating],
    },
    {
      title: '[S2] is missing when no class of the driver is the default',
      ...usual,
      classes: [{ name: 'silver' }, { name: 'other', driver: 'other.csi', isDefault: true }],
      snapshots: [withoutClass],
      out: [`snap because: ${noDefault('cannot find default snapshot class')}`, 'data Bound'],
      events: [`snap Warning SetDefaultSnapshotClassFailed ${noDefault('cannot find default snapshot class')}`],
    },
    {
      title: '[S2] is nobody’s choice when two are the default',
      ...usual,
      classes: [...usual.classes, { name: 'tin', isDefault: true }],
      snapshots: [withoutClass],
      out: [`snap because: ${noDefault('2 default snapshot classes were found')}`, 'data Bound'],
      events: [`snap Warning SetDefaultSnapshotClassFailed ${noDefault('2 default snapshot classes were found')}`],
    },
    {
      title: '[S2] comes later: the snapshot is taken at once, and the error is gone',
      ...usual,
      classes: [],
      snapshots: [withoutClass],
      later: (world) => world.createClass({ name: 'gold', isDefault: true }),
      settleMs: 0,
      out: waiting,
      events: [
        `snap Warning SetDefaultSnapshotClassFailed ${noDefault('cannot find default snapshot class')}`,
        creating,
      ],
    },
    {
      title: '[S3] is looked for when the claim has a volume: at once, as the binding tells',
      ...usual,
      claims: [{ name: 'data' }],
      snapshots: [withoutClass],
      later: async (world) => {
        await world.patchClaim('data', { spec: { volumeName: 'pv' } });
        await world.setPhase('data', 'Bound');
      },
      settleMs: 0,
      out: waiting,
      events: [`snap Warning SetDefaultSnapshotClassFailed ${noDefault(unbound)}`, creating],
    },
    {
      title: '[S3] cannot be told without the claim',
      ...usual,
      claims: [],
      volumes: [],
      snapshots: [withoutClass],
      out: [
        `snap because: ${noDefault('failed to retrieve PVC data from the lister: "persistentvolumeclaim \\"data\\" not found"')}`,
      ],
      events: [
        `snap Warning SetDefaultSnapshotClassFailed ${noDefault('failed to retrieve PVC data from the lister: "persistentvolumeclaim \\"data\\" not found"')}`,
      ],
    },
    {
      title: '[S3] cannot be told without the volume',
      ...usual,
      volumes: [],
      snapshots: [withoutClass],
      out: [
        `snap because: ${noDefault('failed to retrieve PV pv from the API server: "persistentvolumes \\"pv\\" not found"')}`,
        'data Bound',
      ],
      events: [
        `snap Warning SetDefaultSnapshotClassFailed ${noDefault('failed to retrieve PV pv from the API server: "persistentvolumes \\"pv\\" not found"')}`,
      ],
    },
    {
      title: '[S3] does not exist for a volume of no CSI driver',
      ...usual,
      volumes: [{ name: 'pv', to: 'data' }],
      snapshots: [withoutClass],
      out: [
        `snap because: ${noDefault('snapshotting non-CSI volumes is not supported, snapshot:default/snap')}`,
        'data Bound',
      ],
      events: [
        `snap Warning SetDefaultSnapshotClassFailed ${noDefault('snapshotting non-CSI volumes is not supported, snapshot:default/snap')}`,
      ],
    },
    {
      title: '[S3] cannot be told while the volume is another claim’s',
      ...usual,
      claims: [...usual.claims, { name: 'other' }],
      volumes: [{ name: 'pv', driver, to: 'other' }],
      snapshots: [withoutClass],
      out: [`snap because: ${noDefault('claim in dataSource not bound or invalid')}`, 'data Bound', 'other Pending'],
      events: [`snap Warning SetDefaultSnapshotClassFailed ${noDefault('claim in dataSource not bound or invalid')}`],
    },
    {
      title: '[S3] is missing though the snapshot names it',
      ...usual,
      snapshots: [{ ...snap, className: 'tin' }],
      out: [`snap tin because: ${noClass('tin')}`, 'data Bound'],
      events: [`snap Warning GetSnapshotClassFailed ${noClass('tin')}`],
    },
    {
      title: '[S3] of that name comes later: the snapshot is taken at once',
      ...usual,
      snapshots: [{ ...snap, className: 'tin' }],
      later: (world) => world.createClass({ name: 'tin' }),
      settleMs: 0,
      out: ['snap tin unready of own [source bound]', 'own to snap Delete tin [held]', 'data Bound [protected]'],
      events: [`snap Warning GetSnapshotClassFailed ${noClass('tin')}`, creating],
    },
    {
      title: '[S3] is for another driver than the volume’s: no snapshot of a stranger’s volume is taken',
      ...usual,
      classes: [{ name: 'gold', driver: 'other.csi' }],
      snapshots: [snap],
      out: [
        `snap gold unready [source] because: ${noContent('class gold is for driver other.csi, and the volume of hostpath.csi.k8s.io')}`,
        'data Bound [protected]',
      ],
      events: [
        `snap Warning SnapshotContentCreationFailed ${noContent('class gold is for driver other.csi, and the volume of hostpath.csi.k8s.io')}`,
      ],
    },
  ]);
});

describe('[S3] [W3] [W10] [rel-L13] a snapshot that cannot be taken', () => {
  runTable([
    {
      title: '[S3] [W3] of a claim without a volume says so, and is taken when there is one',
      ...usual,
      claims: [{ name: 'data' }],
      snapshots: [snap],
      later: async (world) => {
        expect(await world.pictures()).toEqual([
          `snap gold unready [source] because: ${noInput(unbound)}`,
          'data Pending [protected]',
        ]);
        await world.patchClaim('data', { spec: { volumeName: 'pv' } });
        await world.setPhase('data', 'Bound');
      },
      settleMs: 0,
      out: waiting,
      events: [`snap Warning SnapshotContentCreationFailed ${noInput(unbound)}`, creating],
    },
    {
      title: '[S3] of a claim that is not there',
      ...usual,
      claims: [],
      volumes: [],
      snapshots: [snap],
      out: [
        `snap gold unready [source] because: ${noContent('snapshot controller failed to update snap on API server: cannot get claim from snapshot')}`,
      ],
      events: [
        `snap Warning SnapshotContentCreationFailed ${noContent('snapshot controller failed to update snap on API server: cannot get claim from snapshot')}`,
      ],
    },
    {
      title: '[S3] of a claim that is being deleted',
      ...usual,
      claims: [{ name: 'data', volume: 'pv', deleting: true }],
      snapshots: [snap],
      out: [
        `snap gold unready [source] because: ${noContent('snapshot controller failed to update data on API server: cannot add finalizer on claim because it is being deleted')}`,
        'data Bound terminating',
      ],
      events: [
        `snap Warning SnapshotContentCreationFailed ${noContent('snapshot controller failed to update data on API server: cannot add finalizer on claim because it is being deleted')}`,
      ],
    },
    {
      title: '[S3] of a claim without a name',
      snapshots: [{ name: 'snap', of: '' }],
      out: [`snap because: ${noDefault('the PVC name is not specified in snapshot default/snap')}`],
      events: [
        `snap Warning SetDefaultSnapshotClassFailed ${noDefault('the PVC name is not specified in snapshot default/snap')}`,
      ],
    },
    {
      title: '[S3] of a volume of no CSI driver',
      ...usual,
      volumes: [{ name: 'pv', to: 'data' }],
      snapshots: [snap],
      out: [
        `snap gold unready [source] because: ${noContent('cannot find CSI PersistentVolumeSource for volume pv')}`,
        'data Bound [protected]',
      ],
      events: [
        `snap Warning SnapshotContentCreationFailed ${noContent('cannot find CSI PersistentVolumeSource for volume pv')}`,
      ],
    },
    {
      title: '[S3] because its name is taken by a content that exists for another',
      ...usual,
      snapshots: [snap],
      contents: [{ name: 'own', for: 'snap', handle: 'h' }],
      out: [
        expect.stringMatching(
          /^snap gold unready because: VolumeSnapshotContent snapcontent-\S+ is pre-provisioned while expecting a dynamically provisioned one$/,
        ) as unknown as string,
        'own for snap Delete',
        'data Bound',
      ],
      events: [
        expect.stringMatching(
          /^snap Warning SnapshotFinalizerError Failed to check and update snapshot: snapshot default\/snap expects a dynamically provisioned VolumeSnapshotContent snapcontent-\S+ but gets a pre-provisioned one$/,
        ) as unknown as string,
        expect.stringMatching(
          /^snap Warning SnapshotContentMismatch VolumeSnapshotContent snapcontent-\S+ is pre-provisioned/,
        ) as unknown as string,
      ],
    },
    {
      title: '[S3] [rel-L7] because the content of its name is another’s',
      ...usual,
      snapshots: [snap],
      contents: [{ name: 'own', toGone: 'snap' }],
      out: [
        expect.stringMatching(
          /^snap gold unready because: VolumeSnapshotContent \[snapcontent-\S+\] is bound to a different snapshot$/,
        ) as unknown as string,
        'own to gone snap Delete [held]',
        'data Bound',
      ],
      events: [
        expect.stringContaining('snap Warning SnapshotFinalizerError') as unknown as string,
        expect.stringContaining('snap Warning SnapshotContentMisbound') as unknown as string,
      ],
    },
    {
      title: '[S3] because the server takes no content for a while: tried again',
      ...usual,
      snapshots: [snap],
      faults: [{ call: 'create VolumeSnapshotContent', reason: 'InternalError', times: 2 }],
      settleMs: 4_000,
      out: waiting,
      events: [
        `snap Warning SnapshotContentCreationFailed ${noContent('snapshot controller failed to update default/snap on API server: injected: InternalError')}`,
        // Counted up by the second failure, and so the later one.
        'snap Warning CreateSnapshotContentFailed Error creating volume snapshot content object for snapshot default/snap: injected: InternalError.',
        creating,
      ],
    },
    {
      title: '[S2] finds the content whose creation was answered by nobody',
      ...usual,
      snapshots: [snap],
      faults: [{ call: 'create VolumeSnapshotContent', reason: 'Timeout', lands: true }],
      settleMs: 2_000,
      out: waiting,
      events: [
        'snap Warning CreateSnapshotContentFailed Error creating volume snapshot content object for snapshot default/snap: injected: Timeout.',
        `snap Warning SnapshotContentCreationFailed ${noContent('snapshot controller failed to update default/snap on API server: injected: Timeout')}`,
      ],
    },
    {
      title: '[W3] because its status cannot be written: tried again',
      ...usual,
      snapshots: [snap],
      faults: [{ call: 'update VolumeSnapshot/status', reason: 'InternalError' }],
      settleMs: 2_000,
      out: waiting,
      events: [
        creating,
        'snap Warning SnapshotStatusUpdateFailed Snapshot status update failed, snapshot controller failed to update default/snap on API server: injected: InternalError',
      ],
    },
    {
      title: '[W3] conflicts are nobody’s business',
      ...usual,
      snapshots: [snap],
      faults: [
        { call: 'update VolumeSnapshot', reason: 'Conflict' },
        { call: 'update VolumeSnapshot/status', reason: 'Conflict' },
        { call: 'update PersistentVolumeClaim', reason: 'Conflict' },
      ],
      settleMs: 10_000,
      later: (world) => world.plane.clock.advance(10_000).then(() => world.answer(taken)),
      out: [
        'snap gold ready of own 1Gi at 2023-11-14T22:13:20Z [source bound]',
        'own to snap Delete gold [held]',
        'data Bound',
      ],
      events: [
        creating,
        'snap Normal SnapshotCreated Snapshot default/snap was successfully created by the CSI driver.',
        'snap Normal SnapshotReady Snapshot default/snap is ready to use.',
      ],
    },
  ]);
});

describe('[S6] the secret that a content is deleted with', () => {
  const withSecrets = (name?: string, namespace?: string) => ({
    ...usual,
    classes: [{ name: 'gold', parameters: secrets(name, namespace) }],
    snapshots: [snap],
  });
  const refused = (why: string) => ({
    out: [`snap gold unready [source] because: ${noInput(why)}`, 'data Bound [protected]'],
    events: [`snap Warning SnapshotContentCreationFailed ${noInput(why)}`],
  });
  runTable([
    {
      title: '[S6] stands with the content, its templates filled in',
      ...withSecrets('key-of-${volumesnapshot.name}', '${volumesnapshot.namespace}'),
      out: waiting,
      events: [creating],
      check: async (world) =>
        expect((await world.content('own')).metadata.annotations).toEqual({
          'snapshot.storage.kubernetes.io/deletion-secret-name': 'key-of-snap',
          'snapshot.storage.kubernetes.io/deletion-secret-namespace': 'default',
        }),
    },
    {
      title: '[S6] may be named for the content',
      ...withSecrets('${volumesnapshotcontent.name}', 'storage'),
      out: waiting,
      events: [creating],
      check: async (world) => {
        const { annotations, name } = (await world.content('own')).metadata;
        expect(annotations?.['snapshot.storage.kubernetes.io/deletion-secret-name']).toBe(name);
      },
    },
    {
      title: '[S6] needs a namespace beside its name',
      ...withSecrets('key'),
      ...refused(
        'failed to get name and namespace template from params: either name and namespace for Snapshotter secrets specified, Both must be specified',
      ),
    },
    {
      title: '[S6] needs both to say something',
      ...withSecrets('key', ''),
      ...refused(
        'failed to get name and namespace template from params: Snapshotter secrets specified in parameters but value of either namespace or name is empty',
      ),
    },
    {
      title: '[S6] is not in a namespace that the user chooses by the name of the snapshot',
      ...withSecrets('key', '${volumesnapshot.name}'),
      ...refused('error resolving value \\"${volumesnapshot.name}\\": invalid tokens: [\\"volumesnapshot.name\\"]'),
    },
    {
      title: '[S6] must have a name that secrets can have',
      ...withSecrets('No_Secret', 'storage'),
      ...refused('\\"No_Secret\\" is not a valid secret name'),
    },
    {
      title: '[S6] must be in a namespace that there can be',
      ...withSecrets('key', '${volumesnapshotcontent.name}.x'),
      out: [
        expect.stringMatching(
          /because: Failed .* snap: "\\"\$\{volumesnapshotcontent\.name\}\.x\\" resolved to \\"snapcontent-\S+\.x\\" which is not a valid namespace name"$/,
        ) as unknown as string,
        'data Bound [protected]',
      ],
      events: [expect.stringContaining('snap Warning SnapshotContentCreationFailed') as unknown as string],
    },
  ]);
});
