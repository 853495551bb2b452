/** The flags of `stowage scheduler`: those of kube-scheduler. */
import {
  connectionFlags,
  gatesFlag,
  idleCommonFlags,
  leaderElectionFlags,
  loggingFlags,
  servingFlags,
} from './common-flags.ts';
import { duration, file, type IdleFlags, text } from './flag-table.ts';

export const schedulerFlags = {
  ...connectionFlags,
  ...leaderElectionFlags('kube-scheduler'),
  ...servingFlags(10_259),
  ...loggingFlags,
  ...gatesFlag,
  config: file('a KubeSchedulerConfiguration; what it sets counts more than the other flags'),
};

export const idleSchedulerFlags = {
  ...idleCommonFlags,
  'pods that nothing happens to are tried again after 5 minutes': {
    'pod-max-in-unschedulable-pods-duration': duration('5m', 'ignored'),
  },
  'upstream has given it up': { 'lock-object-name': text('', 'ignored'), 'lock-object-namespace': text('', 'ignored') },
} satisfies IdleFlags;
