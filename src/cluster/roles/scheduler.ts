import { createEventRecorder } from '../../client/index.ts';
import { Scheduler } from '../../scheduler/index.ts';
import { type GivenFlags, idleFlagsGiven, readFlags } from '../flags/flag-table.ts';
import { idleSchedulerFlags, schedulerFlags } from '../flags/scheduler-flags.ts';
import { type Role, runRole, whileLeading } from './role.ts';
import { connectionOptions, type Environment, leaderElectionSettings, logSettings } from './role-options.ts';
import { serveRole } from './serve.ts';

/** `stowage scheduler`: places pods on the nodes of any cluster. */
export async function runScheduler(given: GivenFlags, env: Environment): Promise<void> {
  const flags = readFlags(schedulerFlags, given);
  const idle = idleFlagsGiven(idleSchedulerFlags, given);
  const election = leaderElectionSettings(flags);
  const options = { connection: connectionOptions(flags, env), log: logSettings(flags), idle };
  await runRole('kube-scheduler', options, async (running) => {
    await serveRole(running, { flags, env, health: [], config: {} });
    await whileLeading(running, election, start);
  });
}

async function start(role: Role): Promise<void> {
  const { clock, random, logger, informers, stack, signal, metrics, decisions } = role;
  const component = 'default-scheduler';
  const client = role.client('kube-scheduler');
  const recorder = stack.use(createEventRecorder({ client, clock, random, component, logger }));
  const scheduler = stack.use(new Scheduler({ client, informers, recorder, clock, logger, metrics, decisions }));
  informers.start();
  await informers.waitForSync(signal);
  scheduler.start();
}
