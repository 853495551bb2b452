/** Mutants of the binder where content is made and destroyed: provisioning, deletion and recycling. */
import type { Mutant } from './mutant.ts';

const binder = 'src/controllers/persistentvolume';
const tables = 'test/integration/persistent-volume';

export const reclaimMutants: readonly Mutant[] = [
  {
    name: 'volume-reclaimed-while-its-claim-lives',
    breaks: ['rel-B6', 'rel-C4'],
    file: `${binder}/read-reclaimable.ts`,
    find: 'if (!isBoundElsewhere) return undefined;',
    replace: '',
    tests: [`${tables}/controller.test.ts`],
  },
  {
    name: 'retain-ignored-once-the-claim-has-gone',
    breaks: ['rel-B5'],
    file: `${binder}/read-reclaimable.ts`,
    find: 'if (volume?.spec.persistentVolumeReclaimPolicy !== policy || isDeletedExternally(volume)) return undefined;',
    replace: 'if (!volume || (policy && isDeletedExternally(volume))) return undefined;',
    tests: [`${tables}/delete.test.ts`, `${tables}/recycle.test.ts`],
  },
  {
    name: 'used-volume-recycled',
    breaks: ['B12'],
    file: `${binder}/recycle-volume.ts`,
    find: 'if (found.usedBy.length > 0) {',
    replace: 'if (found.usedBy.length < 0) {',
    tests: [`${tables}/recycle.test.ts`],
  },
  {
    name: 'used-volume-deleted',
    breaks: ['rel-C4'],
    file: `${binder}/delete-volume.ts`,
    find: 'if (usedBy.length > 0) throw',
    replace: 'if (usedBy.length < 0) throw',
    tests: [`${tables}/delete.test.ts`],
  },
  {
    name: 'recycled-volume-available-before-it-is-empty',
    breaks: ['B12'],
    file: `${binder}/recycle-volume.ts`,
    find: "if (pod && phase !== 'Succeeded' && phase !== 'Failed') return;",
    replace: '',
    tests: [`${tables}/recycle.test.ts`],
  },
  {
    name: 'recycler-goes-on-after-the-volume-was-given-away',
    breaks: ['B12', 'rel-B5'],
    file: `${binder}/recycle-volume.ts`,
    find: `await deletePod(context, running, signal);
    context.recyclers.forget(name);`,
    replace: 'context.recyclers.forget(name);',
    tests: [`${tables}/recycle.test.ts`],
  },
  {
    name: 'volume-deleted-outside-tmp',
    breaks: ['rel-C5'],
    file: 'src/volume-plugins/controller/host-path.ts',
    find: 'if (!isAbsolute(path) || !isBelow(plain, deletableRoot)) throw refused;',
    replace: '',
    tests: ['src/volume-plugins/controller/host-path.test.ts'],
  },
  {
    name: 'volume-deleted-through-a-link-out-of-tmp',
    breaks: ['rel-C5'],
    file: 'src/volume-plugins/controller/host-path.ts',
    find: 'if (parent !== root && !isBelow(parent, root)) throw refused;',
    replace: '',
    tests: ['src/volume-plugins/controller/host-path.test.ts'],
  },
  {
    name: 'volume-bound-without-the-uid-of-its-claim',
    breaks: ['rel-B1', 'rel-B3', 'B8'],
    file: 'src/component-helpers/bind-state.ts',
    find: '    uid: claim.metadata.uid,\n',
    replace: '',
    tests: [`${binder}/bind-steps.test.ts`],
  },
  {
    name: 'storage-deleted-although-its-volume-was-written',
    breaks: ['B14', 'rel-B6'],
    file: `${binder}/provision-claim.ts`,
    find: `Upstream's would.
  if (await ifFound(context.client.get(persistentVolumes, { name }, { signal }))) return;`,
    replace: '',
    tests: [`${tables}/provision.test.ts`, `${tables}/crash.test.ts`],
  },
  {
    name: 'finalizer-kept-under-retain',
    breaks: ['B16'],
    file: `${binder}/volume-upkeep.ts`,
    find: "if (policy === 'Retain' || policy === 'Recycle') return",
    replace: "if (policy === 'Recycle') return",
    tests: [`${binder}/volume-upkeep.test.ts`],
  },
  {
    name: 'operation-tried-again-without-back-off',
    breaks: ['B1'],
    file: `${binder}/operations.ts`,
    find: 'if (waitMs > 0) return requeueAfter(waitMs);',
    replace: '',
    tests: [`${binder}/operations.test.ts`],
  },
  {
    name: 'volume-deleted-by-its-driver-while-its-claim-lives',
    breaks: ['rel-C4'],
    file: 'src/sidecars/external-provisioner/sync-volume.ts',
    find: 'if (await isClaimed(context, current, signal)) return requeueAfter(wronglyReleasedMs);',
    replace: '',
    tests: [`${tables}/with-provisioner.test.ts`],
  },
];
