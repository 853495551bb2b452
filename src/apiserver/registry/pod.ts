/** Upstream: registry/core/pod/strategy.go. */
import { type Container, type Pod, type PodCondition, quantityMilliValue } from '../../api/index.ts';
import { withLabelKeysMerged } from './pod-label-keys.ts';
import type { Strategy } from './strategy.ts';

/** The grace period when a client asks for a negative one. */
const smallestGraceSeconds = 1;

/** Upstream: applySchedulingGatedCondition. */
const gatedCondition: PodCondition = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

export const podStrategy: Strategy<Pod> = {
  generation: 'always',
  returnsDeletedObject: true,
  initialStatus: (pod) => ({
    phase: 'Pending',
    qosClass: qosClassOf(pod),
    ...((pod.spec?.schedulingGates ?? []).length > 0 ? { conditions: [gatedCondition] } : {}),
  }),
  prepareForCreate: withLabelKeysMerged,
  prepareForStatusUpdate(pod, previous) {
    // The class follows from the spec, whatever a node agent says.
    if (pod.status?.qosClass === previous.status?.qosClass || !previous.status?.qosClass) return pod;
    return { ...pod, status: { ...pod.status, qosClass: previous.status.qosClass } };
  },
  gracePeriodSeconds(pod, requestedSeconds) {
    const phase = pod.status?.phase;
    if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0;
    const seconds = requestedSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? smallestGraceSeconds : seconds;
  },
};

const computeResources = ['cpu', 'memory'] as const;

function isPositive(quantity: string | undefined): boolean {
  return quantity !== undefined && quantityMilliValue(quantity) > 0n;
}

/** Guaranteed, Burstable or BestEffort. Upstream: component-helpers/resource qos.go. */
export function qosClassOf(pod: Pod): string {
  const containers: readonly Container[] = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  let isAnySet = false;
  let isGuaranteed = true;
  for (const { resources } of containers) {
    for (const resource of computeResources) {
      const request = resources?.requests?.[resource];
      const limit = resources?.limits?.[resource];
      if (isPositive(request) || isPositive(limit)) isAnySet = true;
      if (!isPositive(limit) || (request !== undefined && request !== limit)) isGuaranteed = false;
    }
  }
  if (!isAnySet) return 'BestEffort';
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
