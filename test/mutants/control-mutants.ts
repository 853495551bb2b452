/** Mutants of what decides over volumes from afar: binder, attach/detach, scheduler and CSI sidecars. */
import type { Mutant } from './mutant.ts';

const binder = 'src/controllers/persistentvolume';
const provisioner = 'src/sidecars/external-provisioner';
const binderTests = 'test/integration/persistent-volume.test.ts';
const provisionerTests = 'test/integration/provisioner.test.ts';
const schedulerTests = 'test/integration/scheduler.test.ts';
const assumptionTests = 'test/integration/scheduler-assumptions.test.ts';

const bindingMutants: readonly Mutant[] = [
  {
    name: 'volume-released-without-asking-the-server',
    breaks: ['rel-B7'],
    file: `${binder}/decide-volume.ts`,
    find: "return confirmed ? { kind: 'setPhase', phase: 'Released' } : { kind: 'confirmClaim' };",
    replace: "return { kind: 'setPhase', phase: 'Released' };",
    tests: [binderTests],
  },
  {
    name: 'volume-released-after-asking-the-cache-again',
    breaks: ['rel-B7'],
    file: `${binder}/sync-volume.ts`,
    find: 'await ifFound(context.client.get(persistentVolumeClaims, splitKey(claimKey), { signal }));',
    replace: 'context.claims.get(claimKey);',
    tests: [binderTests],
  },
  {
    name: 'claim-of-the-same-name-takes-the-volume',
    breaks: ['rel-B3'],
    file: 'src/component-helpers/bind-state.ts',
    find: 'return !claimRef.uid || claimRef.uid === claim.metadata.uid;',
    replace: 'return true;',
    tests: [binderTests],
  },
  {
    name: 'volume-stays-bound-to-a-claim-of-the-same-name',
    breaks: ['rel-B3'],
    file: `${binder}/decide-volume.ts`,
    find: 'if (!claim || claim.metadata.uid !== claimRef.uid) return decideUnclaimed(volume, confirmed);',
    replace: 'if (!claim) return decideUnclaimed(volume, confirmed);',
    tests: [`${binder}/decide-volume.test.ts`],
  },
  {
    name: 'claim-written-before-its-volume',
    breaks: ['B8'],
    file: `${binder}/bind-steps.ts`,
    find: "if (bound.changed) return { kind: 'volumeSpec', volume: bound.volume };",
    replace: `const early = withVolumeName(claim, volume.metadata.name);
  if (early) return { kind: 'claimSpec', claim: early };
  if (bound.changed) return { kind: 'volumeSpec', volume: bound.volume };`,
    tests: [`${binder}/bind-steps.test.ts`],
  },
  {
    name: 'claim-lost-without-asking-the-server',
    breaks: ['rel-B8'],
    file: `${binder}/sync-claim.ts`,
    find: 'if (live?.metadata.resourceVersion !== cached?.metadata.resourceVersion) return;',
    replace: '',
    tests: [binderTests],
  },
  {
    name: 'claim-removed-on-the-word-of-a-cache',
    breaks: ['C1', 'rel-I4'],
    file: 'src/controllers/pvc-protection/sync-claim.ts',
    find: 'return items.some((pod) => keepsClaim(pod, claim));',
    replace: 'return items.length < 0;',
    tests: [binderTests],
  },
  {
    name: 'one-volume-for-two-claims-of-a-pod',
    breaks: ['rel-H4'],
    file: 'src/scheduler/plugins/volume-binding/find-volumes.ts',
    find: 'chosen.add(volume.metadata.name);',
    replace: '',
    tests: ['src/scheduler/plugins/volume-binding/find-volumes.test.ts'],
  },
  {
    name: 'one-volume-for-the-claims-of-two-pods',
    breaks: ['rel-H4'],
    file: 'src/scheduler/plugins/volume-binding/reserve-volumes.ts',
    find: 'if (isChanged && !volumes.assume(volume, found)) return false;',
    replace: '',
    tests: [assumptionTests],
  },
  {
    name: 'assumption-kept-after-a-failed-bind',
    breaks: ['rel-H3'],
    file: 'src/scheduler/plugins/volume-binding/reserve-volumes.ts',
    find: 'caches.volumes.restore(keyOf(volume));',
    replace: '',
    tests: [assumptionTests],
  },
  {
    name: 'pod-placed-before-its-claims-are-bound',
    breaks: ['H4', 'H5'],
    file: 'src/scheduler/plugins/volume-binding/volume-binding.ts',
    find: 'await this.#wait.untilBound(',
    replace: 'void this.#wait.untilBound(',
    tests: [schedulerTests],
  },
];

const provisioningMutants: readonly Mutant[] = [
  {
    name: 'volume-deleted-while-attached',
    breaks: ['rel-C4'],
    file: `${provisioner}/decide.ts`,
    find: "if (attachment) return { kind: 'attached', nodeName: attachment.spec.nodeName };",
    replace: '',
    tests: [provisionerTests],
  },
  {
    name: 'volume-deleted-while-mounted',
    breaks: ['rel-C4'],
    file: `${provisioner}/decide.ts`,
    find: "if (node) return { kind: 'inUse', nodeName: node.metadata.name };",
    replace: "if (node) return { kind: 'delete' };",
    tests: [provisionerTests],
  },
  {
    name: 'attachments-not-read-before-a-volume-is-deleted',
    breaks: ['rel-C4'],
    file: `${provisioner}/sync-volume.ts`,
    find: 'const attachments = await context.liveAttachments.of(current.metadata.name, signal);',
    replace: 'const attachments = context.attachments.byIndex(attachmentsByVolume, current.metadata.name);',
    tests: [provisionerTests],
  },
  {
    name: 'retained-volume-deleted-on-the-word-of-a-cache',
    breaks: ['rel-B5'],
    file: `${provisioner}/sync-volume.ts`,
    find: 'const current = await readCurrent(context, volume, signal);',
    replace: 'const current = volume;',
    tests: [provisionerTests],
  },
  {
    name: 'volume-object-removed-before-the-volume',
    breaks: ['rel-C6'],
    file: `${provisioner}/sync-volume.ts`,
    find: 'try {\n    await csiDeleteVolume(',
    replace: `await client.delete(persistentVolumes, current.metadata, { signal });
  await removeFinalizer(context, current, signal);
  try {
    await csiDeleteVolume(`,
    tests: [provisionerTests],
  },
  {
    name: 'volume-created-without-a-record-of-the-intent',
    breaks: ['rel-C2', 'rel-C9'],
    file: `${provisioner}/sync-claim.ts`,
    find: 'const claim = await ensureIntent(context, given, attempt, signal);',
    replace: 'const claim = given;',
    tests: [provisionerTests],
  },
  {
    name: 'timeout-taken-for-a-failure',
    breaks: ['rel-C2', 'rel-C9'],
    file: `${provisioner}/csi-create-volume.ts`,
    find: "return backgroundCodes.has(thrown.code) ? 'background' : 'finished';",
    replace: "return 'finished';",
    tests: [provisionerTests],
  },
  {
    name: 'another-name-for-every-try',
    breaks: ['rel-C1', 'rel-C3'],
    file: `${provisioner}/sync-claim.ts`,
    find: 'await csiCreateVolume(context, claim, attempt, secrets, signal);',
    replace: `await csiCreateVolume(
      context,
      claim,
      { ...attempt, request: { ...attempt.request, name: attempt.request.name + String(context.random.next()) } },
      secrets,
      signal,
    );`,
    tests: [provisionerTests],
  },
  {
    name: 'request-made-anew-for-every-try',
    breaks: ['rel-C3'],
    file: `${provisioner}/prepare-attempt.ts`,
    find: 'if (begun) return begun;',
    replace: 'if (begun && !claim) return begun;',
    tests: ['test/integration/provisioner-retries.test.ts'],
  },
];

const queueMutants: readonly Mutant[] = [
  {
    name: 'one-object-at-a-time',
    breaks: ['rel-L14'],
    file: 'src/client/run-reconciler.ts',
    find: 'const concurrency = this.#options.concurrency ?? defaultConcurrency;',
    replace: 'const concurrency = 1 + 0 * (this.#options.concurrency ?? defaultConcurrency);',
    tests: ['test/integration/fairness.test.ts'],
  },
];

export const controlMutants: readonly Mutant[] = [...bindingMutants, ...provisioningMutants, ...queueMutants];
