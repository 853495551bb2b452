/** How many pods there should be of the workloads whose pods a budget covers. Upstream: disruption.go getExpectedScale. */
import type {
  Deployment,
  OwnerReference,
  Pod,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../../api/index.ts';
import type { Lister } from '../../client/index.ts';
import { controllerOf } from '../common/owners.ts';

export interface Workloads {
  readonly deployments: Lister<Deployment>;
  readonly replicaSets: Lister<ReplicaSet>;
  readonly replicationControllers: Lister<ReplicationController>;
  readonly statefulSets: Lister<StatefulSet>;
}

/** The budget cannot be worked out; told in its condition and as an event. */
export class ExpectedScaleError extends Error {
  override readonly name = 'ExpectedScaleError';
}

export interface ExpectedScale {
  readonly count: number;
  /** Pods that no workload controls. */
  readonly unmanaged: readonly string[];
}

type Scaled = Deployment | ReplicaSet | ReplicationController | StatefulSet;

/** Kinds that have no number of replicas to go by. */
const scaleless: Readonly<Record<string, string>> = { 'apps/DaemonSet': 'daemonsets.apps', 'batch/Job': 'jobs.batch' };

export function expectedScale(pods: readonly Pod[], workloads: Workloads): ExpectedScale {
  const scales = new Map<string, number>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner) unmanaged.push(pod.metadata.name);
    else {
      const found = findWorkload(owner, pod, workloads);
      scales.set(found.metadata.uid, found.spec?.replicas ?? 1);
    }
  }
  return { count: [...scales.values()].reduce((sum, scale) => sum + scale, 0), unmanaged };
}

function findWorkload(owner: OwnerReference, pod: Pod, workloads: Workloads): Scaled {
  const find = <T extends Scaled>(lister: Lister<T>, { name, uid }: OwnerReference): T | undefined => {
    const found = lister.get(`${pod.metadata.namespace}/${name}`);
    return found?.metadata.uid === uid ? found : undefined;
  };
  const [group] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : [''];
  const kind = `${group}/${owner.kind}`;
  const plural = scaleless[kind];
  if (plural) throw new ExpectedScaleError(`${plural} does not implement the scale subresource`);
  let found: Scaled | undefined;
  if (kind === '/ReplicationController') found = find(workloads.replicationControllers, owner);
  else if (kind === 'apps/StatefulSet') found = find(workloads.statefulSets, owner);
  else if (kind === 'apps/ReplicaSet') {
    const set = find(workloads.replicaSets, owner);
    const above = set && controllerOf(set);
    found = above?.kind === 'Deployment' ? find(workloads.deployments, above) : set;
  }
  if (!found) throw new ExpectedScaleError(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
  return found;
}
