/** Mutants of the snapshotter's care with snapshots of which it is not known whether they exist. */
import type { Mutant } from './mutant.ts';

const snapshotter = 'src/sidecars/external-snapshotter';
const answerTests = 'test/integration/snapshotter/answers.test.ts';
const careTests = 'test/integration/snapshotter/care.test.ts';

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
    find: "uid,\n      resourceVersion,\n      annotations: { [annSnapshotBeingCreated]: 'yes' },",
    replace: "uid,\n      annotations: { [annSnapshotBeingCreated]: 'yes' },",
    tests: [careTests],
  },
];
