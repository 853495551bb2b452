/** How far a rolling update may go above and below the wanted number. Pure. Upstream: ResolveFenceposts. */
import type { Deployment } from '../../api/index.ts';
import { scaledValue } from '../common/int-or-percent.ts';

export function replicasOf(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function isRollingUpdate({ spec }: Deployment): boolean {
  return (spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
}

function limitsOf(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  const replicas = replicasOf(deployment);
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, replicas, { roundUp: true });
  const unavailable = scaledValue(maxUnavailable, replicas, { roundUp: false });
  // With neither, an update would never move: percentages of small numbers round to nothing.
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function maxSurgeOf(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? limitsOf(deployment).surge : 0;
}

export function maxUnavailableOf(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRollingUpdate(deployment) || replicas === 0) return 0;
  return Math.min(limitsOf(deployment).unavailable, replicas);
}
