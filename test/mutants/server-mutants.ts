/** Mutants of the store, the API server and the caches that its clients keep. */
import type { Mutant } from './mutant.ts';

const committingStore = 'src/apiserver/store/committing-store.ts';
const history = 'src/apiserver/store/history.ts';
const deletion = 'src/apiserver/pipeline/delete.ts';
const update = 'src/apiserver/pipeline/update.ts';
const storeTests = 'src/apiserver/store/committing-store.test.ts';
const storeContract = 'src/apiserver/store/memory-store.test.ts';
const clientContract = 'test/integration/client-contract.test.ts';
const informerTests = 'src/client/informer-factory.test.ts';

export const serverMutants: readonly Mutant[] = [
  {
    name: 'answer-before-commit',
    breaks: ['rel-A2'],
    file: committingStore,
    find: 'this.#waiting.push(queued);',
    replace: 'this.#waiting.push(queued);\n    rest.done.resolve(revision);',
    tests: [storeTests],
  },
  {
    name: 'watch-shows-what-is-not-durable',
    breaks: ['rel-A2'],
    file: committingStore,
    find: 'this.#waiting.push(queued);',
    replace: 'this.#waiting.push(queued);\n    this.#subscribers.publish([event]);',
    tests: [storeTests],
  },
  {
    name: 'revision-used-twice-after-a-failed-commit',
    breaks: ['rel-A1'],
    file: committingStore,
    find: 'this.#queued.clear();',
    replace: 'this.#queued.clear();\n    this.#newest = this.#state.revision;',
    tests: [storeTests],
  },
  {
    name: 'compare-and-swap-ignores-the-revision',
    breaks: ['rel-A5'],
    file: committingStore,
    find: 'if (write.expectedRevision !== revision) {',
    replace: 'if (write.expectedRevision === 0 && revision > 0) {',
    tests: [storeContract],
  },
  {
    name: 'compare-and-swap-overlooks-queued-writes',
    breaks: ['rel-A5'],
    file: committingStore,
    find: 'const previous = queued ? queued.event.current : stored?.object;',
    replace: 'const previous = stored?.object;',
    tests: [storeContract],
  },
  {
    name: 'resumed-watch-skips-an-event',
    breaks: ['rel-A6'],
    file: history,
    find: '.event.revision <= revision) low',
    replace: '.event.revision <= revision + 1) low',
    tests: [storeContract, clientContract],
  },
  {
    name: 'resumed-watch-repeats-an-event',
    breaks: ['rel-A6', 'rel-A7'],
    file: history,
    find: '.event.revision <= revision) low',
    replace: '.event.revision < revision) low',
    tests: [clientContract],
  },
  {
    name: 'watch-of-lost-history-is-silent',
    breaks: ['rel-A8'],
    file: history,
    find: 'if (revision < this.#compacted) {',
    replace: 'if (revision < 0) {',
    tests: [storeContract, clientContract],
  },
  {
    name: 'selector-leave-is-not-told',
    breaks: ['rel-A6'],
    file: 'src/apiserver/watch/frame.ts',
    find: 'if (!isSeen && !wasSeen) return undefined;',
    replace: 'if (!isSeen && (!wasSeen || current)) return undefined;',
    tests: [clientContract],
  },
  {
    name: 'object-removed-although-finalizers-hold-it',
    breaks: ['rel-A12'],
    file: deletion,
    find: 'const pending = object.metadata.deletionGracePeriodSeconds ? true : isHeld(resource, object);',
    replace: 'const pending = Boolean(object.metadata.deletionGracePeriodSeconds);',
    tests: [clientContract],
  },
  {
    name: 'finalizer-added-after-deletion-began',
    breaks: ['rel-A12'],
    file: 'src/api/validation/object-meta.ts',
    find: 'if (previous.deletionTimestamp !== undefined) {',
    replace: "if (previous.deletionTimestamp === '') {",
    tests: [clientContract],
  },
  {
    name: 'delete-ignores-the-uid-precondition',
    breaks: ['rel-A13'],
    file: deletion,
    find: 'if (uid !== undefined && uid !== current.metadata.uid) {',
    replace: 'if (uid === "") {',
    tests: [clientContract],
  },
  {
    name: 'write-to-the-object-before-reaches-its-successor',
    breaks: ['rel-A13'],
    file: update,
    find: 'if (uid && uid !== current.metadata.uid) {',
    replace: 'if (uid === "") {',
    tests: [clientContract],
  },
  {
    name: 'cache-goes-back-to-an-older-version',
    breaks: ['rel-A15'],
    file: 'src/client/shared-informer.ts',
    find: 'if (order < 0) return;',
    replace: '',
    tests: [informerTests],
  },
  {
    name: 'replayed-event-brings-a-deleted-object-back',
    breaks: ['rel-A7'],
    file: 'src/client/reflector.ts',
    find: 'if (this.#revision !== undefined && compareRevisions(resourceVersion, this.#revision) <= 0) return;',
    replace: '',
    tests: [informerTests],
  },
  {
    name: 'cache-believes-a-server-that-lags',
    breaks: ['rel-F-AP4'],
    file: 'src/client/reflector.ts',
    find: 'if (this.#revision !== undefined && compareRevisions(revision, this.#revision) < 0) {',
    replace: 'if (this.#revision === "") {',
    tests: [informerTests],
  },
];
