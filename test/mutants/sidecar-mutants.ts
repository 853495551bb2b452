/** Mutants of the CSI sidecars' care with answers of drivers and with drivers themselves. */
import type { Mutant } from './mutant.ts';

const provisioner = 'src/sidecars/external-provisioner';
const retryTests = 'test/integration/provisioner-retries.test.ts';
const crashTests = 'test/integration/provisioner-crash.test.ts';
const cloneTests = 'test/integration/provisioner-clones.test.ts';
const callTests = 'test/integration/sidecar-calls.test.ts';

export const sidecarMutants: readonly Mutant[] = [
  {
    name: 'class-as-it-is-now-for-every-try',
    breaks: ['rel-C3'],
    file: `${provisioner}/sync-claim.ts`,
    find: 'class: begun?.class ?? context.classes.get(className),',
    replace: 'class: context.classes.get(className),',
    tests: [retryTests],
  },
  {
    name: 'handle-of-another-volume-believed',
    breaks: ['rel-C7'],
    file: `${provisioner}/csi-create-volume.ts`,
    find: 'assertOwnVolume(context, claim, request.name, volume.volumeId);',
    replace: 'if (volume.volumeId === request.name) assertOwnVolume(context, claim, request.name, volume.volumeId);',
    tests: [retryTests],
  },
  {
    name: 'size-below-zero-taken-for-unknown',
    breaks: ['rel-C8'],
    file: `${provisioner}/csi-create-volume.ts`,
    find: 'const isSmall = capacityBytes !== 0n && capacityBytes < requiredBytes;',
    replace: 'const isSmall = capacityBytes > 0n && capacityBytes < requiredBytes;',
    tests: [retryTests],
  },
  {
    name: 'request-derived-anew-after-a-crash',
    breaks: ['rel-C3'],
    file: `${provisioner}/intent.ts`,
    find: 'if (attempt) attempts.begin(uid, attempt);',
    replace: 'if (attempt) return undefined;',
    tests: [crashTests],
  },
  {
    name: 'request-believed-whoever-signed-it',
    breaks: ['rel-C3'],
    file: `${provisioner}/signed-request.ts`,
    find: 'if (given.length !== signature.length || !timingSafeEqual(given, signature)) return undefined;',
    replace: 'if (given.length !== signature.length || timingSafeEqual(given, key)) return undefined;',
    tests: [crashTests],
  },
  {
    name: 'ended-request-taken-over-from-a-cache',
    breaks: ['rel-C3'],
    file: `${provisioner}/intent.ts`,
    find: '|| !isIntended(claim) || attempts.hasEnded(uid, text)) return begun;',
    replace: '|| !isIntended(claim)) return begun;',
    tests: [crashTests],
  },
  {
    name: 'volume-made-before-its-source-is-held',
    breaks: ['rel-C10'],
    file: `${provisioner}/prepare-attempt.ts`,
    find: 'await source?.protect();',
    replace: 'void source?.protect;',
    tests: [cloneTests],
  },
  {
    name: 'snapshot-let-go-while-others-are-restored',
    breaks: ['rel-C10'],
    file: `${provisioner}/restore-protection.ts`,
    find: 'isRestoredFrom(claim, metadata.name) && isBeingProvisioned(claim)',
    replace: 'isRestoredFrom(claim, metadata.name) && isBeingProvisioned(claim) && metadata.name === key',
    tests: ['test/integration/provisioner-restores.test.ts'],
  },
  {
    name: 'source-of-a-clone-let-go-early',
    breaks: ['rel-C10'],
    file: `${provisioner}/cloning-protection.ts`,
    find: 'const unfinished = findUnfinishedClone(source, items);',
    replace: 'const unfinished = findUnfinishedClone(source, items.slice(items.length));',
    tests: [cloneTests],
  },
  {
    name: 'source-volume-deleted-under-its-clone',
    breaks: ['rel-C10'],
    file: `${provisioner}/decide.ts`,
    find: "return users.isBeingCloned ? { kind: 'beingCloned' } : { kind: 'delete' };",
    replace: "return { kind: 'delete' };",
    tests: [cloneTests],
  },
  {
    name: 'existing-volume-forgotten',
    breaks: ['rel-C9'],
    file: `${provisioner}/csi-create-volume.ts`,
    find: "if (thrown.code === Code.ALREADY_EXISTS) return 'refused';",
    replace: "if (thrown.code === Code.ALREADY_EXISTS) return 'finished';",
    tests: [retryTests],
  },
  {
    name: 'volume-deleted-with-the-secret-of-the-class',
    breaks: ['rel-C11'],
    file: `${provisioner}/sync-volume.ts`,
    find: "const name = notes[annDeletionSecretName] ?? '';",
    replace:
      "const name = context.classes.get(current.spec.storageClassName ?? '')?.parameters?.['csi.storage.k8s.io/provisioner-secret-name'] ?? '';",
    tests: [retryTests],
  },
  {
    name: 'calls-of-a-volume-side-by-side',
    breaks: ['rel-D8'],
    file: 'src/sidecars/common/one-call-per-volume.ts',
    find: 'lock.run(`id ${request.volumeId}`, () => call(request, options));',
    replace: 'call(request, options);',
    tests: [callTests],
  },
  {
    name: 'read-only-volume-attached-writable',
    breaks: ['rel-D11'],
    file: 'src/sidecars/external-attacher/csi-controller-publish.ts',
    find: 'has(ControllerCapability.PUBLISH_READONLY) && source.readOnly === true,',
    replace: 'has(ControllerCapability.PUBLISH_READONLY) && source.readOnly === false,',
    tests: ['test/integration/attacher-read-only.test.ts'],
  },
  {
    name: 'class-given-up-while-another-is-in-doubt',
    breaks: ['rel-F6'],
    file: 'src/sidecars/external-resizer/sync-class.ts',
    find: 'const isInfeasible = isRefused && memory.begunInOrder.has(keyOf(claim));',
    replace: 'const isInfeasible = isRefused;',
    tests: [callTests],
  },
  {
    name: 'volume-of-another-driver-attached',
    breaks: ['rel-D7'],
    file: 'src/sidecars/external-attacher/sync-attachment.ts',
    find: 'if (spec.csi.driver === driver.name) return;',
    replace: 'if (driver.name) return;',
    tests: ['test/integration/attacher.test.ts'],
  },
  {
    name: 'attached-volume-let-go-on-cache-absence',
    breaks: ['rel-D5'],
    file: 'src/sidecars/external-attacher/sync-volume.ts',
    find: 'if (context.attachmentsOf(name).length > 0 || (await isAttached(context, name, signal))) return done;',
    replace:
      'if (context.attachmentsOf(name).length > 0 || (await isAttached(context, `${name}?`, signal))) return done;',
    tests: ['test/integration/sidecar-odd-objects.test.ts'],
  },
  {
    name: 'volume-modified-with-the-secret-of-growing',
    breaks: ['W7'],
    file: 'src/sidecars/external-resizer/csi-expand.ts',
    find: 'return name && namespace ? { name, namespace } : source.controllerExpandSecretRef;',
    replace: 'return name && namespace ? source.controllerExpandSecretRef : undefined;',
    tests: ['test/integration/sidecar-secrets.test.ts'],
  },
];
