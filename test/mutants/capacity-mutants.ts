/** Mutants of published capacity, and of the care with which the provisioner looks where volumes may be. */
import type { Mutant } from './mutant.ts';

const provisioner = 'src/sidecars/external-provisioner';
const safetyTests = 'test/integration/storage-capacity-safety.test.ts';

export const capacityMutants: readonly Mutant[] = [
  {
    name: 'capacity-named-by-the-server',
    breaks: ['rel-H5'],
    file: `${provisioner}/capacity/capacity-object.ts`,
    find: '      name: nameOf(manager, item, tries),\n',
    replace: '      ...(tries < 0 ? { name: nameOf(manager, item, tries) } : {}),\n',
    tests: [safetyTests],
  },
  {
    name: 'capacity-of-what-is-gone-left-behind',
    breaks: ['O14'],
    file: `${provisioner}/capacity/sync-capacity.ts`,
    find: '    if (kept) await remove(context, kept, signal);\n',
    replace: '',
    tests: ['test/integration/storage-capacity.test.ts'],
  },
  {
    name: 'capacity-deleted-although-it-was-taken-over',
    breaks: ['rel-H5'],
    file: `${provisioner}/capacity/sync-capacity.ts`,
    find: 'preconditions: { uid, resourceVersion }',
    replace: 'preconditions: { uid, ...(resourceVersion ? {} : { resourceVersion }) }',
    tests: [safetyTests],
  },
  {
    name: 'volume-made-for-a-node-without-the-driver',
    breaks: ['rel-H1'],
    file: `${provisioner}/topology.ts`,
    find: '  if (keys.length === 0) throw new TopologyError(`no topology key found for node ${selectedNode}`);\n',
    replace: '  if (keys.length === 0) return { keys, segments: {} };\n',
    tests: ['test/integration/storage-capacity-scheduling.test.ts'],
  },
  {
    name: 'claim-taken-from-the-node-that-was-faster',
    breaks: ['O15'],
    file: `${provisioner}/sync-claim-on-node.ts`,
    find: 'const body = { metadata: { uid, resourceVersion, annotations } };',
    replace: 'const body = { metadata: { uid, ...(resourceVersion ? {} : { resourceVersion }), annotations } };',
    tests: ['test/integration/node-deployment.test.ts'],
  },
  {
    name: 'volume-deleted-on-every-node',
    breaks: ['O15'],
    file: `${provisioner}/sync-volume.ts`,
    find: '  if (nodeDeployment && !isMadeHere(nodeDeployment, volume)) return done;\n',
    replace: '  if (nodeDeployment && !isMadeHere(nodeDeployment, volume)) context.logger.debug("not ours", {});\n',
    tests: ['test/integration/node-deployment.test.ts'],
  },
];
