/** The pod of a DaemonSet on one node. Pure. Upstream: daemon/util/daemonset_util.go. */
import {
  type Affinity,
  type DaemonSet,
  type Draft,
  daemonSets,
  type Pod,
  type PodSpec,
  type Toleration,
} from '../../api/index.ts';
import { taintNotReady, taintUnreachable, taintUnschedulable } from '../../component-helpers/index.ts';
import {
  taintDiskPressure,
  taintMemoryPressure,
  taintNetworkUnavailable,
  taintPidPressure,
} from '../common/node-taints.ts';
import { podFromTemplate } from '../common/pod-control.ts';

/** The hash of the template that a pod was made from. */
export const hashLabel = 'controller-revision-hash';
const generationLabel = 'pod-template-generation';
const generationAnnotation = 'deprecated.daemonset.template.generation';
const nameField = 'metadata.name';

/** Daemons stay on nodes that others leave: they are what repairs them. */
const always: readonly Toleration[] = [
  { key: taintNotReady, operator: 'Exists', effect: 'NoExecute' },
  { key: taintUnreachable, operator: 'Exists', effect: 'NoExecute' },
  { key: taintDiskPressure, operator: 'Exists', effect: 'NoSchedule' },
  { key: taintMemoryPressure, operator: 'Exists', effect: 'NoSchedule' },
  { key: taintPidPressure, operator: 'Exists', effect: 'NoSchedule' },
  { key: taintUnschedulable, operator: 'Exists', effect: 'NoSchedule' },
];
const onHostNetwork: Toleration = { key: taintNetworkUnavailable, operator: 'Exists', effect: 'NoSchedule' };

/** By the spec of a template: it is asked for every node. */
const known = new WeakMap<PodSpec, readonly Toleration[]>();

export function daemonTolerations(spec: PodSpec | undefined): readonly Toleration[] {
  if (!spec) return always;
  const found = known.get(spec) ?? withDaemonTolerations(spec);
  known.set(spec, found);
  return found;
}

function withDaemonTolerations(spec: PodSpec): readonly Toleration[] {
  const own = spec.tolerations ?? [];
  const added = spec.hostNetwork ? [...always, onHostNetwork] : always;
  // A toleration of the template for the same taint, perhaps with a time limit, gives way.
  const isReplaced = (toleration: Toleration) =>
    added.some(
      ({ key, operator, effect }) =>
        toleration.key === key && toleration.operator === operator && toleration.effect === effect && !toleration.value,
    );
  return [...own.filter((toleration) => !isReplaced(toleration)), ...added];
}

export function daemonPodOf(set: DaemonSet, nodeName: string, hash: string): Draft<Pod> {
  const draft = podFromTemplate(set.spec.template, set, daemonSets);
  const generation = set.metadata.annotations?.[generationAnnotation];
  const labels = {
    ...draft.metadata.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [hashLabel]: hash,
  };
  const affinity = withNode(draft.spec.affinity, nodeName);
  const tolerations = daemonTolerations(draft.spec);
  return { metadata: { ...draft.metadata, labels }, spec: { ...draft.spec, affinity, tolerations } };
}

/** The scheduler binds the pod, but to this node alone. */
function withNode(affinity: Affinity | undefined, nodeName: string): Affinity {
  const term = { matchFields: [{ key: nameField, operator: 'In', values: [nodeName] }] };
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [term] };
  return { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution } };
}

/** The node that a pod is on, or is meant for. */
export function targetNodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields } of terms) {
    const field = matchFields?.find(({ key, operator }) => key === nameField && operator === 'In');
    if (field?.values?.length === 1) return field.values[0];
  }
  return undefined;
}

export function isUpdated(pod: Pod, hash: string): boolean {
  return pod.metadata.labels?.[hashLabel] === hash;
}
