/** The plugins of the default profile, in upstream's order. */
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  replicaSets,
  replicationControllers,
  services,
  statefulSets,
  storageClasses,
  volumeAttachments,
} from '../api/index.ts';
import type { Clock } from '../base/index.ts';
import type { Client, InformerFactory } from '../client/index.ts';
import type { Plugin } from './framework/plugin.ts';
import { createDefaultBinder } from './plugins/default-binder.ts';
import { InterPodAffinity } from './plugins/inter-pod-affinity/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeResourcesFit } from './plugins/node-resources-fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { NodeVolumeLimits } from './plugins/node-volume-limits.ts';
import { PodTopologySpread } from './plugins/pod-topology-spread/pod-topology-spread.ts';
import { prioritySort } from './plugins/priority-sort.ts';
import { schedulingGates } from './plugins/scheduling-gates.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { VolumeBinding } from './plugins/volume-binding/volume-binding.ts';
import { VolumeRestrictions } from './plugins/volume-restrictions.ts';
import { VolumeZone } from './plugins/volume-zone.ts';

export interface DefaultPluginsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly informers: InformerFactory;
  readonly bindTimeoutMs: number;
  readonly preemption: Plugin;
}

export function createDefaultPlugins({
  client,
  clock,
  informers,
  bindTimeoutMs,
  preemption,
}: DefaultPluginsOptions): readonly Plugin[] {
  const claims = informers.informer(persistentVolumeClaims);
  const volumes = informers.informer(persistentVolumes);
  const classes = informers.informer(storageClasses);
  const attachments = informers.informer(volumeAttachments);
  const volumeBinding = new VolumeBinding({
    client,
    clock,
    claims,
    volumes,
    classes,
    drivers: informers.informer(csiDrivers),
    capacities: informers.informer(csiStorageCapacities),
    nodes: informers.informer(nodes),
    bindTimeoutMs,
  });
  return [
    schedulingGates,
    prioritySort,
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    new VolumeRestrictions({ claims }),
    new NodeVolumeLimits({ claims, volumes, classes, attachments, csiNodes: informers.informer(csiNodes) }),
    volumeBinding,
    new VolumeZone({ claims, volumes }),
    new PodTopologySpread({
      services: informers.informer(services),
      replicationControllers: informers.informer(replicationControllers),
      replicaSets: informers.informer(replicaSets),
      statefulSets: informers.informer(statefulSets),
    }),
    new InterPodAffinity({ namespaces: informers.informer(namespaces) }),
    preemption,
    createDefaultBinder(client),
  ];
}
