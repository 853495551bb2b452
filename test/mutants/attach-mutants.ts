/** Mutants of attaching and detaching. */
import type { Mutant } from './mutant.ts';

const controller = 'src/controllers/attachdetach';
const attacherFolder = 'src/sidecars/external-attacher';
const attacher = `${attacherFolder}/sync-attachment.ts`;
const controllerTests = 'test/integration/attach-detach.test.ts';
const nodeTests = 'test/integration/attach-detach-nodes.test.ts';
const objectTests = 'test/integration/attach-detach-objects.test.ts';
const leaderTests = 'test/integration/attach-detach-leaders.test.ts';
const flexTests = 'test/integration/flex-attach.test.ts';
const attacherTests = 'test/integration/attacher.test.ts';

export const attachMutants: readonly Mutant[] = [
  {
    name: 'detach-while-the-node-uses-the-volume',
    breaks: ['rel-D2'],
    file: `${controller}/detach-evidence.ts`,
    find: "if (reported && !isInUse(node, volumeName)) return { kind: 'unmounted' };",
    replace: "if (node) return { kind: 'unmounted' };",
    tests: [`${controller}/detach-evidence.test.ts`, controllerTests],
  },
  {
    name: 'detach-on-the-word-of-a-cache',
    breaks: ['rel-D3'],
    file: `${controller}/detach.ts`,
    find: 'const node = await ifFound(client.get(nodes, key, { signal }));',
    replace: 'const node = context.nodes.get(key.name);',
    tests: [controllerTests],
  },
  {
    name: 'node-read-before-it-is-told',
    breaks: ['rel-D3'],
    file: `${controller}/detach.ts`,
    find: `await reports.flush(target.node, signal);
    const evidence = await readEvidence(context, target, attachment, signal);`,
    replace: `const evidence = await readEvidence(context, target, attachment, signal);
    await reports.flush(target.node, signal);`,
    tests: [controllerTests],
  },
  {
    name: 'detach-on-a-timer',
    breaks: ['rel-D2'],
    file: `${controller}/controller.ts`,
    find: 'forceDetachOnTimeout = false',
    replace: 'forceDetachOnTimeout = true',
    tests: [controllerTests],
  },
  {
    name: 'taint-believed-while-the-agent-lives',
    breaks: ['rel-D2'],
    file: `${controller}/detach-evidence.ts`,
    find: "if (agentAlive) return { kind: 'inUse', agentAlive };",
    replace: '',
    tests: [controllerTests],
  },
  {
    name: 'exclusive-volume-attached-to-two-nodes',
    breaks: ['rel-D1'],
    file: `${controller}/decide-attachment.ts`,
    find: "if (exclusive && otherHolders.length > 0) return { kind: 'blocked', by: otherHolders };",
    replace: '',
    tests: [controllerTests],
  },
  {
    name: 'attachment-freed-before-it-is-detached',
    breaks: ['rel-D5'],
    file: attacher,
    find: 'if (spec) await csiControllerUnpublish(context, { spec, nodeId: nodeIdOf(context, attachment) }, signal);',
    replace: `const early = { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } };
    await context.client.patch(volumeAttachments, attachment.metadata, { type: 'strategic', body: early }, { signal });
    if (spec) await csiControllerUnpublish(context, { spec, nodeId: nodeIdOf(context, attachment) }, signal);`,
    tests: [attacherTests],
  },
  {
    name: 'attach-without-a-finalizer',
    breaks: ['rel-D6'],
    file: attacher,
    find: 'const body = { metadata: { uid, finalizers: [finalizer], annotations: { [nodeIdAnnotation]: nodeId } } };',
    replace: 'const body = { metadata: { uid, annotations: { [nodeIdAnnotation]: nodeId } } };',
    tests: [attacherTests],
  },
  {
    name: 'lease-that-went-with-its-node-taken-for-death',
    breaks: ['rel-D2'],
    file: `${controller}/detach-evidence.ts`,
    find: 'if (agentAlive || quietForMs < agentGraceMs)',
    replace: 'if (agentAlive)',
    tests: [`${controller}/detach-evidence.test.ts`, nodeTests],
  },
  {
    name: 'list-of-a-node-made-anew-believed-at-once',
    breaks: ['rel-D2'],
    file: `${controller}/detach-evidence.ts`,
    find: 'const reported = isReady(node) || !isYounger(node, attachment);',
    replace: 'const reported = true;',
    tests: [`${controller}/detach-evidence.test.ts`, nodeTests],
  },
  {
    name: 'pods-of-a-deleted-node-forgotten',
    breaks: ['rel-D2'],
    file: `${controller}/pod-volumes.ts`,
    find: 'if (node && !isManagedNode(node)) return false;',
    replace: 'if (!node || !isManagedNode(node)) return false;',
    tests: [nodeTests],
  },
  {
    name: 'volume-free-while-its-attachment-is-in-doubt',
    breaks: ['rel-D1'],
    file: `${controller}/sync-volume.ts`,
    find: 'const holders = new Set([...context.actual.attachmentsOf(volumeName).keys(), ...listing]);',
    replace: `const attached = [...context.actual.attachmentsOf(volumeName)].filter(([, { status }]) => status?.attached);
  const holders = new Set([...attached.map(([name]) => name), ...listing]);`,
    tests: [objectTests],
  },
  {
    name: 'volume-reported-that-is-attached-no-longer',
    breaks: ['D9'],
    file: `${controller}/actual-state-of-world.ts`,
    find: 'return attachment.status?.attached === true;',
    replace: 'return attachment.status !== undefined;',
    tests: [objectTests],
  },
  {
    name: 'late-delete-of-a-replaced-leader',
    breaks: ['rel-A16', 'rel-D2'],
    file: `${controller}/detach.ts`,
    find: 'preconditions: { uid, resourceVersion }',
    replace: 'preconditions: { uid }',
    tests: [leaderTests],
  },
  {
    name: 'node-told-again-without-a-write-to-the-attachment',
    breaks: ['rel-A16', 'rel-D2'],
    file: `${controller}/report-attached.ts`,
    find: 'if (needed && !actual.isSecured(attachment)) await secure(context, attachment, signal);',
    replace: 'if (needed) actual.secure(attachment);',
    tests: [leaderTests],
  },
  {
    name: 'attacher-publishes-to-a-second-node',
    breaks: ['rel-D1'],
    file: `${attacherFolder}/sync-attachment.ts`,
    find: '  assertFree(context, attachment, volume);\n',
    replace: '',
    tests: [attacherTests, leaderTests],
  },
  {
    name: 'attacher-publishes-another-volume-of-the-same-name',
    breaks: ['rel-D10'],
    file: `${attacherFolder}/sync-attachment.ts`,
    find: '  assertSameVolume(attachment, volume);\n',
    replace: '',
    tests: [attacherTests],
  },
  {
    name: 'flexvolume-attached-without-a-note',
    breaks: ['rel-D8'],
    file: `${controller}/flex-attach.ts`,
    find: 'cache.record(await annotate(context, target.node, annotations, signal));',
    replace: '',
    tests: [flexTests],
  },
  {
    name: 'flexvolume-detached-on-an-old-look',
    breaks: ['rel-A16', 'rel-D2'],
    file: `${controller}/flex-attach.ts`,
    find: 'annotate(context, target.node, annotations, signal, nodeVersion)',
    replace: 'annotate(context, target.node, annotations, signal)',
    tests: [flexTests],
  },
  {
    name: 'flexvolume-believed-in-after-a-failed-detach',
    breaks: ['rel-D8'],
    file: `${controller}/flex-attach.ts`,
    find: 'this.#hold(context, target, { attached: false, detachError, since });',
    replace: 'this.#hold(context, target, { attached: true, detachError, since });',
    tests: [flexTests],
  },
  {
    name: 'volume-kept-from-other-nodes-by-one-that-is-out-of-service',
    breaks: ['rel-L8'],
    file: `${controller}/sync-volume.ts`,
    find: 'if (await areFenced(context, target.volumeName, holders, signal)) return await attach(context, target, signal);',
    replace: '',
    tests: [nodeTests],
  },
];
