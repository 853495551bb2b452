/** Feeds what the informers see into the scheduler's cache and queue. Upstream: eventhandlers.go. */
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  type KubernetesObject,
  type Node,
  namespaces,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type ResourceType,
  storageClasses,
  volumeAttachments,
} from '../api/index.ts';
import type { InformerFactory } from '../client/index.ts';
import { isPodPhaseTerminal } from '../component-helpers/index.ts';
import type { SchedulerCache } from './cache/scheduler-cache.ts';
import { eventsOfNodeChange, schedulingInputChanged } from './events-of-change.ts';
import type { ClusterEvent } from './framework/cluster-event.ts';
import type { Nominator } from './framework/nominator.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export interface EventHandlersOptions {
  readonly informers: InformerFactory;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  /** Whether this scheduler is the one that the pod names. */
  isOurs(pod: Pod): boolean;
  /** A pod needs no node any more: it has one, has ended or is gone. */
  settled(pod: Pod): void;
}

export function addEventHandlers(options: EventHandlersOptions): void {
  const { informers, queue } = options;
  addPodHandler(options);
  addNodeHandler(options);
  const tell = <T extends KubernetesObject>(type: ResourceType<T>, kind: string) => {
    const event = (action: string) => `${kind}${action}` as ClusterEvent;
    informers.informer(type).addHandler({
      onAdd: (current) => queue.onEvent({ event: event('Add'), current }),
      onUpdate: (previous, current) => {
        if (previous !== current) queue.onEvent({ event: event('Update'), previous, current });
      },
      onDelete: (previous) => queue.onEvent({ event: event('Delete'), previous }),
    });
  };
  tell(persistentVolumeClaims, 'PersistentVolumeClaim');
  tell(persistentVolumes, 'PersistentVolume');
  tell(storageClasses, 'StorageClass');
  tell(csiNodes, 'CSINode');
  tell(csiDrivers, 'CSIDriver');
  tell(csiStorageCapacities, 'CSIStorageCapacity');
  tell(volumeAttachments, 'VolumeAttachment');
  tell(namespaces, 'Namespace');
}

function addNodeHandler({ informers, cache, queue }: EventHandlersOptions): void {
  informers.informer(nodes).addHandler({
    onAdd: (current) => {
      cache.setNode(current);
      queue.onEvent({ event: 'NodeAdd', current });
    },
    onUpdate: (previous: Node, current: Node) => {
      if (previous === current) return;
      cache.setNode(current);
      for (const event of eventsOfNodeChange(previous, current)) queue.onEvent({ event, previous, current });
    },
    onDelete: (previous) => {
      cache.removeNode(previous.metadata.name);
      queue.onEvent({ event: 'NodeDelete', previous });
    },
  });
}

function needsNode(pod: Pod): boolean {
  return !pod.spec.nodeName && !isPodPhaseTerminal(pod);
}

/** Follows what the API says of the pod's nomination, unless it says the same as before. */
function noteNomination(nominator: Nominator, previous: Pod | undefined, pod: Pod): void {
  const nodeName = pod.status?.nominatedNodeName;
  if (nodeName && (nodeName !== previous?.status?.nominatedNodeName || nominator.nodeOf(pod) === nodeName)) {
    nominator.add(pod, nodeName);
  } else if (!nodeName && previous?.status?.nominatedNodeName) nominator.remove(pod.metadata.uid);
}

function addPodHandler(options: EventHandlersOptions): void {
  const { informers, cache, queue } = options;
  const settle = (pod: Pod) => {
    queue.remove(pod.metadata.uid);
    options.settled(pod);
  };
  const onWaiting = (previous: Pod | undefined, pod: Pod) => {
    if (!options.isOurs(pod)) return;
    noteNomination(options.nominator, previous, pod);
    if (pod.metadata.deletionTimestamp) settle(pod);
    else if (!queue.has(pod.metadata.uid)) {
      // A placement that was assumed is not yet in what the API shows.
      if (!cache.has(pod.metadata.uid)) queue.add(pod);
    } else if (previous)
      queue.update(pod, { event: 'PodUpdate', previous, current: pod }, schedulingInputChanged(previous, pod));
  };
  const onPlaced = (previous: Pod | undefined, pod: Pod) => {
    if (!previous || needsNode(previous)) settle(pod);
    cache.setPod(pod);
    const hadLeft = previous && isPodPhaseTerminal(previous);
    if (isPodPhaseTerminal(pod)) {
      if (!hadLeft) queue.onEvent({ event: 'AssignedPodDelete', previous: pod });
    } else if (!previous?.spec.nodeName) queue.onEvent({ event: 'AssignedPodAdd', current: pod });
    else if (schedulingInputChanged(previous, pod)) {
      queue.onEvent({ event: 'AssignedPodUpdate', previous, current: pod });
    }
  };
  const onPod = (previous: Pod | undefined, pod: Pod) => {
    if (needsNode(pod)) onWaiting(previous, pod);
    else onPlaced(previous, pod);
  };
  informers.informer(pods).addHandler({
    onAdd: (pod) => onPod(undefined, pod),
    onUpdate: (previous, pod) => {
      if (previous !== pod) onPod(previous, pod);
    },
    onDelete: (pod) => {
      settle(pod);
      cache.removePod(pod.metadata.uid);
      if (pod.spec.nodeName && !isPodPhaseTerminal(pod)) queue.onEvent({ event: 'AssignedPodDelete', previous: pod });
    },
  });
}
