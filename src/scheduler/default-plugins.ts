/** The plugins of the default profile, in upstream's order. */
import { namespaces, replicaSets, replicationControllers, services, statefulSets } from '../api/index.ts';
import type { Plugin } from './framework/plugin.ts';
import { createDefaultBinder } from './plugins/default-binder.ts';
import { InterPodAffinity } from './plugins/inter-pod-affinity/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeResourcesBalancedAllocation } from './plugins/node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './plugins/node-resources-fit.ts';
import { fitScoredBy } from './plugins/node-resources-score.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import type { PluginArguments } from './plugins/plugin-arguments.ts';
import { PodTopologySpread } from './plugins/pod-topology-spread/pod-topology-spread.ts';
import { prioritySort } from './plugins/priority-sort.ts';
import { schedulingGates } from './plugins/scheduling-gates.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { createVolumePlugins, type VolumePluginsOptions } from './plugins/volume-plugins.ts';

export interface DefaultPluginsOptions extends Omit<VolumePluginsOptions, 'bindTimeoutMs' | 'shape'> {
  readonly preemption: Plugin;
  readonly arguments: PluginArguments;
}

/** Upstream's VolumeBindingArgs.bindTimeoutSeconds. */
const defaultBindTimeoutMs = 600_000;

export function createDefaultPlugins(options: DefaultPluginsOptions): readonly Plugin[] {
  const { client, informers, preemption } = options;
  const { bindTimeoutMs = defaultBindTimeoutMs, shape, scoringStrategy, interPodAffinity, spread } = options.arguments;
  const { volumeRestrictions, nodeVolumeLimits, volumeBinding, volumeZone } = createVolumePlugins({
    ...options,
    bindTimeoutMs,
    shape,
  });
  return [
    schedulingGates,
    prioritySort,
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    scoringStrategy ? fitScoredBy(scoringStrategy) : nodeResourcesFit,
    volumeRestrictions,
    nodeVolumeLimits,
    volumeBinding,
    volumeZone,
    new PodTopologySpread({
      services: informers.informer(services),
      replicationControllers: informers.informer(replicationControllers),
      replicaSets: informers.informer(replicaSets),
      statefulSets: informers.informer(statefulSets),
      ...(spread ? { defaultConstraints: spread } : {}),
    }),
    new InterPodAffinity({ namespaces: informers.informer(namespaces), ...interPodAffinity }),
    preemption,
    nodeResourcesBalancedAllocation,
    createDefaultBinder(client),
  ];
}
