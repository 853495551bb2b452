/** Mutants of the node: volume manager, CSI calls and mounts. */
import type { Mutant } from './mutant.ts';

const manager = 'src/kubelet/volumemanager';
const csi = 'src/volume-plugins/csi';
const managerTests = `${manager}/node-volume-manager.test.ts`;
const stepTests = `${manager}/reconciler/decide-volume-steps.test.ts`;
const podVolumeTests = `${manager}/pod-volumes.test.ts`;
const reconstructTests = `${manager}/reconciler/reconstruct.test.ts`;
const blockDeviceTests = 'src/mount/block-devices.test.ts';

const volumeManagerMutants: readonly Mutant[] = [
  {
    name: 'staged-block-devices-not-reconstructed',
    breaks: ['rel-E18'],
    file: `${csi}/csi-plugin.ts`,
    find: '[...(await findGlobalMounts(host)), ...(await findBlockDevices(host))]',
    replace: 'await findGlobalMounts(host)',
    tests: [`${manager}/crash-points.test.ts`],
  },
  {
    name: 'size-of-a-volume-found-after-a-restart-taken-from-its-claim',
    breaks: ['rel-L10'],
    file: `${manager}/cache/actual-state-of-world.ts`,
    find: 'if (!entry.foundOnDisk) entry.sizeBytes ??= sizeBytes;',
    replace: 'entry.sizeBytes ??= sizeBytes;',
    tests: [`${manager}/growing-volumes.test.ts`],
  },
  {
    name: 'pods-left-as-others-said-they-are',
    breaks: ['rel-L9'],
    file: 'src/kubelet/pods/status-writer.ts',
    find: 'if (!known || isOverwritten(pod, known, status)) known',
    replace: 'if (!known) known',
    tests: ['src/kubelet/pods/status-writer.test.ts', 'test/integration/node-partitions.test.ts'],
  },
  {
    name: 'device-remembered-from-an-attachment-before',
    breaks: ['rel-D7'],
    file: `${csi}/csi-context.ts`,
    find: 'await host.getVolumeAttachment(name).catch(',
    replace: 'await ((host as never)[name] ??= host.getVolumeAttachment(name) as never).catch(',
    tests: ['test/integration/machine-devices.test.ts'],
  },
  {
    name: 'unmount-under-a-running-container',
    breaks: ['rel-E2'],
    file: `${manager}/node-volume-manager.ts`,
    find: 'if (pods.containersRunning(podUid)) return false;',
    replace: '',
    tests: [reconstructTests],
  },
  {
    name: 'unstage-before-unpublish',
    breaks: ['rel-E3', 'rel-E4'],
    file: `${manager}/reconciler/decide-volume-steps.ts`,
    find: 'if (!facts.populated || !actual || desired || actual.pods.size > 0) return [];',
    replace: 'if (!facts.populated || !actual || desired) return [];',
    tests: [stepTests, reconstructTests],
  },
  {
    name: 'unmount-before-the-pods-are-known',
    breaks: ['rel-E7'],
    file: `${manager}/reconciler/decide-volume-steps.ts`,
    find: 'if (!facts.populated || !actual) return [];',
    replace: 'if (!actual) return [];',
    tests: [stepTests, reconstructTests],
  },
  {
    name: 'nothing-reconstructed',
    breaks: ['rel-E7', 'rel-E15', 'rel-E19'],
    file: `${manager}/reconciler/reconstruct.ts`,
    find: 'for (const found of await findVolumes(options)) {',
    replace: 'for (const found of (await findVolumes(options)).slice(0, 0)) {',
    tests: [reconstructTests],
  },
  {
    name: 'staged-volumes-not-reconstructed',
    breaks: ['rel-E4', 'rel-E7'],
    file: `${manager}/reconciler/reconstruct.ts`,
    find: 'for (const plugin of options.plugins.list()) await addGlobalMounts(options, plugin);',
    replace: '',
    tests: [reconstructTests],
  },
  {
    name: 'attached-volumes-relied-on-before-use-is-reported',
    breaks: ['rel-D3'],
    file: `${manager}/reconciler/decide-volume-steps.ts`,
    find: "if (desired.attachable && !desired.reportedInUse) return [...adopted, { kind: 'awaitReportedInUse' }];",
    replace: '',
    tests: [managerTests],
  },
  {
    name: 'attached-volumes-read-from-a-cache',
    breaks: ['rel-D3'],
    file: `${manager}/operation-executor/verify-attached.ts`,
    find: 'const node = await client.get(nodes, { name: nodeName }, { signal });',
    replace: 'const node = cached ?? (await client.get(nodes, { name: nodeName }, { signal }));',
    tests: [managerTests],
  },
  {
    name: 'mounted-volumes-not-reported-in-use',
    breaks: ['rel-E15'],
    file: `${manager}/volumes-in-use.ts`,
    find: 'for (const volume of actual.list()) {',
    replace: 'for (const volume of [...actual.list()].slice(0, 0)) {',
    tests: [reconstructTests],
  },
  {
    name: 'publish-in-doubt-forgotten',
    breaks: ['rel-E4'],
    file: `${manager}/operation-executor/mount-volume.ts`,
    find: "if (kind === 'uncertain' && !before) context.actual.setPodMount(name, { ...settled, state: 'uncertain' });",
    replace: '',
    tests: [managerTests],
  },
  {
    name: 'stage-in-doubt-forgotten',
    breaks: ['rel-E4'],
    file: `${manager}/operation-executor/mount-volume.ts`,
    find: "context.actual.markDevice(actual.name, 'uncertain', deviceMountPath);",
    replace: '',
    tests: [managerTests],
  },
  {
    name: 'single-pod-volume-given-to-two-pods',
    breaks: ['rel-E9'],
    file: `${manager}/operation-executor/mount-volume.ts`,
    find: 'if (!context.actual.isMountedElsewhere(desired.name, pod.pod.metadata.uid)) return;',
    replace: 'if (desired.name) return;',
    tests: [podVolumeTests],
  },
  {
    name: 'volume-of-another-claim-mounted',
    breaks: ['I3'],
    file: `${manager}/populator/volume-spec-resolver.ts`,
    find: 'if (claimRef.uid !== claim.metadata.uid) {',
    replace: "if (claimRef.uid === '') {",
    tests: [podVolumeTests],
  },
  {
    name: 'ephemeral-claim-of-another-pod-mounted',
    breaks: ['rel-I1'],
    file: `${manager}/populator/volume-spec-resolver.ts`,
    find: 'if (volume.ephemeral && !podIsOwner(pod, claim)) throw finalError(notOwnerMessage(pod, claim));',
    replace: '',
    tests: [podVolumeTests],
  },
];

const mountMutants: readonly Mutant[] = [
  {
    name: 'publish-recorded-after-the-call',
    breaks: ['rel-E4'],
    file: `${csi}/csi-publish.ts`,
    find: `await writeVolumeData(host.fs, dataDir, volumeDataOf(step, spec, source));
  await doubtMountRecord(host.fs, dataDir);
  try {
    await call();`,
    replace: `await doubtMountRecord(host.fs, dataDir);
  try {
    await call();
    await writeVolumeData(host.fs, dataDir, volumeDataOf(step, spec, source));`,
    tests: [reconstructTests],
  },
  {
    name: 'stage-recorded-after-the-call',
    breaks: ['rel-E4'],
    file: `${csi}/csi-stage.ts`,
    find: `await writeVolumeData(host.fs, request.dataDir, { driverName, volumeHandle });
  await doubtMountRecord(host.fs, request.dataDir);
  try {
    await call?.();`,
    replace: `await doubtMountRecord(host.fs, request.dataDir);
  try {
    await call?.();
    await writeVolumeData(host.fs, request.dataDir, { driverName, volumeHandle });`,
    tests: [reconstructTests],
  },
  {
    name: 'mounts-of-the-boot-before-believed',
    breaks: ['rel-E20'],
    file: `${csi}/mount-identity.ts`,
    find: 'if (record.bootId !== (await host.bootId())) return false;',
    replace: '',
    tests: [reconstructTests],
  },
  {
    name: 'any-mount-taken-for-the-volume',
    breaks: ['rel-E1'],
    file: `${csi}/mount-identity.ts`,
    find: 'return record.mount.mountId === now.mountId && record.mount.device === now.device && record.mount.root === now.root;',
    replace: 'return true;',
    tests: [reconstructTests],
  },
  {
    name: 'mkfs-on-a-device-that-holds-bytes',
    breaks: ['rel-E6'],
    file: 'src/mount/format-and-mount.ts',
    find: 'if (!blank && !request.knownNew) {',
    replace: 'if (blank && request.knownNew === undefined && fsType === "") {',
    tests: [blockDeviceTests],
  },
  {
    name: 'mkfs-after-a-short-read',
    breaks: ['rel-E6'],
    file: 'src/mount/probe-device.ts',
    find: 'if (zeros !== length) {',
    replace: 'if (zeros > length) {',
    tests: [blockDeviceTests],
  },
  {
    name: 'link-in-a-volume-followed-out-of-it',
    breaks: ['rel-S-FS2', 'rel-S-FS3'],
    file: 'src/mount/safe-open.ts',
    find: 'const pathFlags = openPath | constants.O_NOFOLLOW;',
    replace: 'const pathFlags = openPath;',
    tests: ['src/mount/safe-open.test.ts'],
  },
  {
    name: 'files-shown-before-they-are-finished',
    breaks: ['rel-E13'],
    file: 'src/volume-plugins/atomic-writer.ts',
    find: `await finish();
    await this.#publish(version);`,
    replace: `await this.#publish(version);
    await finish();`,
    tests: ['src/volume-plugins/atomic-writer.test.ts'],
  },
  {
    name: 'directory-removed-with-a-mount-in-it',
    breaks: ['rel-E5'],
    file: 'src/mount/remove-tree.ts',
    find: 'await refuseMounts(host, canonical);',
    replace: '',
    tests: ['src/mount/remove-tree.test.ts'],
  },
];

const flex = 'src/volume-plugins/flex-volume';
const flexTests = `${flex}/flex-plugin.test.ts`;

const flexMutants: readonly Mutant[] = [
  {
    name: 'half-a-flexvolume-taken-for-whole',
    breaks: ['rel-E4'],
    file: `${flex}/flex-mount.ts`,
    find: 'if (!(await hasBegun(host.fs, note))) return;',
    replace: 'return;',
    tests: [flexTests],
  },
  {
    name: 'flexvolume-of-the-same-name-taken-for-the-same-disk',
    breaks: ['rel-D4'],
    file: `${flex}/device-identity.ts`,
    find: 'if (known === undefined || known === identityOf(spec)) return;',
    replace: 'if (known !== spec.name) return;',
    tests: [flexTests],
  },
];

export const nodeMutants: readonly Mutant[] = [...volumeManagerMutants, ...mountMutants, ...flexMutants];
