/** Which events the change of an object is, as fine as plugins register for them. */
import { isEqual, type Node, type Pod } from '../api/index.ts';
import type { ClusterEvent } from './framework/cluster-event.ts';

function conditionsOf(node: Node): Readonly<Record<string, string>> {
  return Object.fromEntries((node.status?.conditions ?? []).map(({ type, status }) => [type, status]));
}

/** Upstream: nodeSchedulingPropertiesChange. */
export function eventsOfNodeChange(previous: Node, current: Node): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  if (!isEqual(previous.status?.allocatable, current.status?.allocatable)) events.push('UpdateNodeAllocatable');
  if (!isEqual(previous.metadata.labels, current.metadata.labels)) events.push('UpdateNodeLabel');
  if (
    previous.spec.unschedulable !== current.spec.unschedulable ||
    !isEqual(previous.spec.taints, current.spec.taints)
  ) {
    events.push('UpdateNodeTaint');
  }
  if (!isEqual(conditionsOf(previous), conditionsOf(current))) events.push('UpdateNodeCondition');
  if (!isEqual(previous.metadata.annotations, current.metadata.annotations)) events.push('UpdateNodeAnnotation');
  return events;
}

/** Whether anything that placement depends on differs between two versions of a pod. */
export function schedulingInputChanged(previous: Pod, current: Pod): boolean {
  return (
    !isEqual(previous.spec, current.spec) ||
    !isEqual(previous.metadata.labels, current.metadata.labels) ||
    !isEqual(previous.status?.containerStatuses?.map(resourcesOf), current.status?.containerStatuses?.map(resourcesOf))
  );
}

function resourcesOf({
  allocatedResources,
  resources,
}: NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]) {
  return allocatedResources || resources ? [allocatedResources, resources] : undefined;
}
