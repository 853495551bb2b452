/** The roles that run as processes of their own, as the command line offers them. */
import { controllerManagerFlags, idleControllerManagerFlags } from '../flags/controller-manager-flags.ts';
import { csiSidecarFlags, idleCsiSidecarFlags } from '../flags/csi-sidecar-flags.ts';
import { type FlagTable, flatten, type GivenFlags } from '../flags/flag-table.ts';
import { idleKubeletFlags, kubeletFlags } from '../flags/other-role-flags.ts';
import { idleSchedulerFlags, schedulerFlags } from '../flags/scheduler-flags.ts';
import { idleSnapshotControllerFlags, snapshotControllerFlags } from '../flags/snapshot-controller-flags.ts';
import type { Surroundings } from '../options.ts';
import { runControllerManager } from './controller-manager.ts';
import { runCsiSidecar } from './csi-sidecar.ts';
import { runKubelet } from './kubelet.ts';
import { runScheduler } from './scheduler.ts';
import { runSnapshotController } from './snapshot-controller.ts';

export interface RoleCommand {
  readonly flags: FlagTable;
  /** Taken and told of, without effect. */
  readonly idle: FlagTable;
  readonly run: (given: GivenFlags, surroundings: Surroundings) => Promise<void>;
}

export const roleCommands: Readonly<
  Record<'controller-manager' | 'scheduler' | 'snapshot-controller' | 'csi-sidecar' | 'kubelet', RoleCommand>
> = {
  'controller-manager': {
    flags: controllerManagerFlags,
    idle: flatten(idleControllerManagerFlags),
    run: (given, { env }) => runControllerManager(given, env),
  },
  scheduler: {
    flags: schedulerFlags,
    idle: flatten(idleSchedulerFlags),
    run: (given, { env }) => runScheduler(given, env),
  },
  'snapshot-controller': {
    flags: snapshotControllerFlags,
    idle: flatten(idleSnapshotControllerFlags),
    run: (given, { env }) => runSnapshotController(given, env),
  },
  'csi-sidecar': {
    flags: csiSidecarFlags,
    idle: flatten(idleCsiSidecarFlags),
    run: (given, { env }) => runCsiSidecar(given, env),
  },
  kubelet: {
    flags: kubeletFlags,
    idle: flatten(idleKubeletFlags),
    run: (given, { env, uid }) => runKubelet(given, env, uid),
  },
};
