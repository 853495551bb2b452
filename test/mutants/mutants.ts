/**
 * One mutant per bug that storage systems have really had. They change the code as it stands: whoever changes that
 * line moves the mutant along.
 */
import { attachMutants } from './attach-mutants.ts';
import { capacityMutants } from './capacity-mutants.ts';
import { controlMutants } from './control-mutants.ts';
import type { Mutant } from './mutant.ts';
import { nodeMutants } from './node-mutants.ts';
import { reclaimMutants } from './reclaim-mutants.ts';
import { schedulerMutants } from './scheduler-mutants.ts';
import { serverMutants } from './server-mutants.ts';
import { sidecarMutants } from './sidecar-mutants.ts';
import { snapshotMutants } from './snapshot-mutants.ts';
import { workloadMutants } from './workload-mutants.ts';

export const mutants: readonly Mutant[] = [
  ...serverMutants,
  ...controlMutants,
  ...reclaimMutants,
  ...attachMutants,
  ...sidecarMutants,
  ...snapshotMutants,
  ...capacityMutants,
  ...schedulerMutants,
  ...workloadMutants,
  ...nodeMutants,
];
