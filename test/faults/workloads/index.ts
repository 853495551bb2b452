/** The reference workloads, in seven parts that can be run side by side. */
import { prebound, protection, staticBinding, successor } from './binding.ts';
import { shortage } from './capacity.ts';
import { job, rollout } from './controllers.ts';
import { clone, cloneGivenUp, restore } from './data-sources.ts';
import { flexVolumeMoves } from './flex-volumes.ts';
import { blockOnMachine, moveOnMachines, podOnMachine, reboot, returnOfMachine, sharedOnMachines } from './machines.ts';
import { move, nodeDeleted, outOfService, scale } from './nodes.ts';
import { delayed, ephemeral, growth, immediate, inHaste } from './provisioning.ts';
import { snapshot, snapshotInHaste, snapshotUnderWay } from './snapshots.ts';
import { unused } from './unused.ts';
import type { Workload } from './workload.ts';

export const claimWorkloads: readonly Workload[] = [
  staticBinding,
  successor,
  prebound,
  protection,
  immediate,
  inHaste,
  delayed,
  ephemeral,
  growth,
  unused,
];

export const capacityWorkloads: readonly Workload[] = [shortage];

export const nodeWorkloads: readonly Workload[] = [move, outOfService, nodeDeleted, flexVolumeMoves];

export const controllerWorkloads: readonly Workload[] = [scale, rollout, job];

export const machineWorkloads: readonly Workload[] = [
  podOnMachine,
  blockOnMachine,
  moveOnMachines,
  sharedOnMachines,
  reboot,
  returnOfMachine,
];

export const snapshotWorkloads: readonly Workload[] = [snapshot, snapshotUnderWay, snapshotInHaste];

export const dataSourceWorkloads: readonly Workload[] = [clone, cloneGivenUp, restore];
