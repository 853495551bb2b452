/**
 * Mutants of the snapshotter's care with snapshots of which it is not known whether they exist, and of the snapshot
 * controller's with those that are used or somebody else's.
 */
import type { Mutant } from './mutant.ts';

const snapshotter = 'src/sidecars/external-snapshotter';
const controller = 'src/controllers/snapshot';
const answerTests = 'test/integration/snapshotter/answers.test.ts';
const careTests = 'test/integration/snapshotter/care.test.ts';
const deleteTests = 'test/integration/snapshot/delete.test.ts';
const oldCacheTests = 'test/integration/snapshot/care.test.ts';
const boundTests = 'test/integration/snapshot/pre-provisioned.test.ts';

export const snapshotMutants: readonly Mutant[] = [
  {
    name: 'snapshot-given-up-on-any-answer',
    breaks: ['W5', 'rel-C9'],
    file: `${snapshotter}/csi-create-snapshot.ts`,
    find: 'return isFinalError(thrown);',
    replace: 'return isFinalError(thrown) || thrown instanceof Error;',
    tests: [answerTests],
  },
  {
    name: 'snapshot-of-unknown-handle-not-deleted',
    breaks: ['rel-C9'],
    file: `${snapshotter}/decide-content.ts`,
    find: 'return !isBeingCreated(content) && metadata',
    replace: 'return metadata',
    tests: [answerTests, careTests],
  },
  {
    name: 'existing-snapshot-forgotten',
    breaks: ['rel-C9'],
    file: `${snapshotter}/csi-create-snapshot.ts`,
    find: 'if (wasInDoubt && thrown',
    replace: 'if (!wasInDoubt && thrown',
    tests: [answerTests],
  },
  {
    name: 'snapshot-taken-for-a-content-that-nothing-holds',
    breaks: ['rel-C2'],
    file: `${snapshotter}/content-marks.ts`,
    find: '...(isHeld ? {} : { finalizers: [...finalizers, contentBoundFinalizer] }),',
    replace: '',
    tests: [answerTests],
  },
  {
    name: 'snapshot-begun-for-a-content-that-goes',
    breaks: ['rel-C9'],
    file: `${snapshotter}/content-marks.ts`,
    find: "uid,\n      resourceVersion,\n      annotations: { [annSnapshotBeingCreated]: 'yes', [annRequest]: text },",
    replace: "uid,\n      annotations: { [annSnapshotBeingCreated]: 'yes', [annRequest]: text },",
    tests: [careTests],
  },
  {
    name: 'snapshot-deleted-while-it-is-restored',
    breaks: ['S4'],
    file: `${controller}/release-snapshot.ts`,
    find: "return items.some((claim) => isBeingRestored(claim, snapshot)) ? 'unseen' : undefined;",
    replace: 'return undefined;',
    tests: [oldCacheTests],
  },
  {
    name: 'content-deleted-although-it-is-to-be-kept',
    breaks: ['S4'],
    file: `${controller}/release-snapshot.ts`,
    find: 'preconditions: { uid, resourceVersion }',
    replace: 'preconditions: { uid }',
    tests: [oldCacheTests],
  },
  {
    name: 'snapshot-gone-before-its-content',
    breaks: ['S4', 'rel-L7'],
    file: `${controller}/release-snapshot.ts`,
    find: 'if (!hasFinalizer(snapshot, snapshotBoundFinalizer)) return done;',
    replace: '',
    tests: [deleteTests],
  },
  {
    name: 'content-of-another-snapshot-deleted',
    breaks: ['S4'],
    file: `${controller}/snapshot-state.ts`,
    find: 'name === metadata.name && namespace === metadata.namespace && uid === metadata.uid',
    replace: 'name === metadata.name && namespace === metadata.namespace',
    tests: [deleteTests, boundTests],
  },
  {
    name: 'content-bound-to-a-snapshot-that-is-gone',
    breaks: ['S5'],
    file: `${controller}/sync-snapshot.ts`,
    find: 'if (live?.metadata.uid !== uid || live.metadata.deletionTimestamp !== undefined) return content;',
    replace: '',
    tests: [oldCacheTests],
  },
  {
    name: 'content-bound-without-the-uid',
    breaks: ['S5'],
    file: `${controller}/sync-snapshot.ts`,
    find: '{ ...content.spec.volumeSnapshotRef, uid }',
    replace: '{ ...content.spec.volumeSnapshotRef }',
    tests: [boundTests],
  },
  {
    name: 'snapshot-taken-anew-under-its-old-time',
    breaks: ['S3'],
    file: `${controller}/sync-snapshot.ts`,
    find: 'isReady(snapshot) || (!exists && creationTime !== undefined)',
    replace: 'isReady(snapshot)',
    tests: [boundTests],
  },
  {
    name: 'claim-let-go-while-a-snapshot-is-taken',
    breaks: ['S2'],
    file: `${controller}/sync-claim.ts`,
    find: 'return items.some((snapshot) => sourceClaimKey(snapshot) === key && needsClaim(snapshot));',
    replace: 'return false;',
    tests: [oldCacheTests],
  },
  {
    name: 'snapshot-asked-for-as-the-class-is-now',
    breaks: ['rel-C9'],
    file: `${snapshotter}/snapshot-request.ts`,
    find: 'if (kept) return kept;',
    replace: '',
    tests: [answerTests],
  },
];
