/** One of the schedulers in the process: the pods that name it are placed by its plugins. All share queue and cache. */
import { podDisruptionBudgets, pods } from '../api/index.ts';
import type { Clock, Logger } from '../base/index.ts';
import type { Client, EventRecorder, InformerFactory } from '../client/index.ts';
import { createDefaultPlugins } from './default-plugins.ts';
import { Framework } from './framework/framework.ts';
import type { Nominator } from './framework/nominator.ts';
import type { Plugin } from './framework/plugin.ts';
import { type PluginSelection, selectPlugins } from './framework/plugin-selection.ts';
import { DefaultPreemption, type DefaultPreemptionOptions } from './plugins/default-preemption/default-preemption.ts';
import type { PluginArguments } from './plugins/plugin-arguments.ts';
import type { VolumeCaches } from './plugins/volume-binding/reserve-volumes.ts';

export interface SchedulerProfile {
  /** What pods give to be placed by it. */
  readonly schedulerName: string;
  /** Default: every plugin wherever it can. */
  readonly plugins?: PluginSelection;
  readonly arguments?: PluginArguments;
  /** See feasibleNodesWanted. */
  readonly percentageOfNodesToScore?: number;
  /** Default: that of the scheduler. */
  readonly recorder?: EventRecorder;
}

export interface Profile {
  readonly name: string;
  readonly plugins: readonly Plugin[];
  readonly framework: Framework;
  readonly recorder: EventRecorder;
}

export interface ProfileSurroundings
  extends Pick<DefaultPreemptionOptions, 'signal' | 'track' | 'finished' | 'lostNomination' | 'metrics'> {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nominator: Nominator;
  readonly caches: VolumeCaches;
}

export function createProfile(given: SchedulerProfile, surroundings: ProfileSurroundings): Profile {
  const { informers, nominator } = surroundings;
  const recorder = given.recorder ?? surroundings.recorder;
  const preemption = new DefaultPreemption({
    ...surroundings,
    recorder,
    pods: informers.informer(pods),
    budgets: informers.informer(podDisruptionBudgets),
    runner: () => framework,
    candidates: given.arguments?.preemption,
  });
  const available = createDefaultPlugins({ ...surroundings, preemption, arguments: given.arguments ?? {} });
  const plugins = given.plugins ? selectPlugins(available, given.plugins) : available;
  const framework = new Framework(plugins, nominator, given.percentageOfNodesToScore);
  return { name: given.schedulerName, plugins, framework, recorder };
}
