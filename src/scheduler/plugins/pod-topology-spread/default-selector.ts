/** Which pods a pod without constraints of its own is spread with: those of the same services and the same owner. */
import {
  type LabelMatcher,
  type LabelSelector,
  type Labels,
  labelSelectorMatcher,
  type Pod,
  type ReplicaSet,
  type ReplicationController,
  type Service,
  type StatefulSet,
} from '../../../api/index.ts';

/** What selects pods in a namespace. */
export interface PodOwners {
  services(namespace: string): readonly Service[];
  replicationController(key: string): ReplicationController | undefined;
  replicaSet(key: string): ReplicaSet | undefined;
  statefulSet(key: string): StatefulSet | undefined;
}

/** A service without a selector selects nothing. */
function selects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  return selector !== undefined && Object.entries(selector).every(([key, value]) => labels?.[key] === value);
}

/** Undefined when nothing selects the pod. Upstream: plugins/helper/spread.go DefaultSelector. */
export function defaultSelector(pod: Pod, owners: PodOwners): LabelMatcher | undefined {
  const { namespace = '', labels } = pod.metadata;
  const matchLabels: Record<string, string> = {};
  for (const { spec } of owners.services(namespace)) {
    if (selects(spec?.selector, labels)) Object.assign(matchLabels, spec?.selector);
  }
  const owned = ownerSelector(pod, owners);
  const selector = {
    matchLabels: { ...matchLabels, ...owned?.matchLabels },
    matchExpressions: owned?.matchExpressions ?? [],
  };
  const matcher = labelSelectorMatcher(selector);
  return matcher.requirements?.length === 0 ? undefined : matcher;
}

function ownerSelector(pod: Pod, owners: PodOwners): LabelSelector | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (!owner) return undefined;
  const key = `${pod.metadata.namespace}/${owner.name}`;
  switch (`${owner.apiVersion}/${owner.kind}`) {
    case 'v1/ReplicationController':
      return { matchLabels: owners.replicationController(key)?.spec?.selector ?? {} };
    case 'apps/v1/ReplicaSet':
      return owners.replicaSet(key)?.spec?.selector;
    case 'apps/v1/StatefulSet':
      return owners.statefulSet(key)?.spec?.selector;
    default:
      return undefined;
  }
}
