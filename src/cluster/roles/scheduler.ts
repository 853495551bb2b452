import { realFs, UsageError } from '../../base/index.ts';
import { createEventRecorder } from '../../client/index.ts';
import { defaultSchedulerName, Scheduler } from '../../scheduler/index.ts';
import type { FeatureGates } from '../flags/feature-gates.ts';
import { type GivenFlags, idleFlagsGiven, readFlags } from '../flags/flag-table.ts';
import { defaultProfile, parseSchedulerConfig, type SchedulerConfig } from '../flags/scheduler-config.ts';
import { idleSchedulerFlags, schedulerFlags } from '../flags/scheduler-flags.ts';
import { type Role, runRole, whileLeading } from './role.ts';
import { connectionOptions, type Environment, leaderElectionSettings, logSettings } from './role-options.ts';
import { serveRole } from './serve.ts';

/** `stowage scheduler`: places pods on the nodes of any cluster. */
export async function runScheduler(given: GivenFlags, env: Environment): Promise<void> {
  const { config: path, 'feature-gates': gates } = readFlags(schedulerFlags, given);
  const config = await readConfig(path, gates);
  const flags = readFlags(schedulerFlags, withConfig(given, config));
  const idle = [...idleFlagsGiven(idleSchedulerFlags, given), ...(config?.idle ?? [])];
  const election = leaderElectionSettings(flags);
  const options = { connection: connectionOptions(flags, env), log: logSettings(flags), idle, gates };
  await runRole('kube-scheduler', options, async (running) => {
    const { profiles, backoff } = config ?? {};
    const shown = { profiles, backoff };
    await serveRole(running, {
      flags,
      env,
      health: running.health.checks,
      config: { 'kubescheduler.config.k8s.io': shown },
    });
    await whileLeading(running, election, (role) => start(role, config, gates));
  });
}

/** The file counts more, but for leader election. Upstream: options.go Config, ApplyLeaderElectionTo. */
function withConfig(given: GivenFlags, config: SchedulerConfig | undefined): GivenFlags {
  const fromFile = [...(config?.flags ?? [])].filter(([flag]) => !flag.startsWith('leader-elect') || !given.has(flag));
  return new Map([...given, ...fromFile]);
}

async function readConfig(path: string, gates: FeatureGates): Promise<SchedulerConfig | undefined> {
  if (path === '') return undefined;
  let text: string;
  try {
    text = await realFs.readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`--config: cannot read ${path}`, { cause });
  }
  return await parseSchedulerConfig(text, gates);
}

async function start(role: Role, config: SchedulerConfig | undefined, gates: FeatureGates): Promise<void> {
  const { clock, random, logger, informers, stack, signal, metrics, decisions } = role;
  const client = role.client('kube-scheduler');
  const recorderOf = (component: string) =>
    stack.use(createEventRecorder({ client, clock, random, component, logger }));
  const profiles = config?.profiles ?? [defaultProfile(gates)];
  const scheduler = stack.use(
    new Scheduler({
      client,
      informers,
      recorder: recorderOf(defaultSchedulerName),
      clock,
      logger,
      metrics,
      decisions,
      profiles: profiles.map((profile) => ({ ...profile, recorder: recorderOf(profile.schedulerName) })),
      ...(config ? { backoff: config.backoff } : {}),
    }),
  );
  informers.start();
  await informers.waitForSync(signal);
  scheduler.start();
}
