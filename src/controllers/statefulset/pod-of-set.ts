/** The pod and the claims of one identity of a StatefulSet. Pure. Upstream: statefulset/stateful_set_utils.go. */
import type {
  Draft,
  OwnerReference,
  PersistentVolumeClaim,
  Pod,
  PodTemplateSpec,
  StatefulSet,
  Volume,
} from '../../api/index.ts';
import { podNameOf } from './ordinals.ts';

const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';
export const revisionLabel = 'controller-revision-hash';

export function ownerReferenceTo(
  owner: { readonly metadata: { readonly name: string; readonly uid: string } },
  type: { readonly apiVersion: string; readonly kind: string },
): OwnerReference {
  const { name, uid } = owner.metadata;
  return { ...type, name, uid, controller: true, blockOwnerDeletion: true };
}

export const statefulSetType = { apiVersion: 'apps/v1', kind: 'StatefulSet' };
export const podType = { apiVersion: 'v1', kind: 'Pod' };

export interface PodIdentity {
  readonly ordinal: number;
  readonly template: PodTemplateSpec;
  /** The name of the revision that the template is. */
  readonly revision: string;
}

export function podOf(set: StatefulSet, { ordinal, template, revision }: PodIdentity): Draft<Pod> {
  const name = podNameOf(set, ordinal);
  const { annotations, finalizers } = template.metadata ?? {};
  const { serviceName } = set.spec;
  return {
    metadata: {
      name,
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      labels: { ...template.metadata?.labels, ...identityLabels(name, ordinal), [revisionLabel]: revision },
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [ownerReferenceTo(set, statefulSetType)],
    },
    spec: {
      ...template.spec,
      containers: template.spec?.containers ?? [],
      hostname: name,
      ...(serviceName ? { subdomain: serviceName } : {}),
      ...volumesOf(set, ordinal, template.spec?.volumes ?? []),
    },
  };
}

function identityLabels(podName: string, ordinal: number) {
  return { [podNameLabel]: podName, [podIndexLabel]: String(ordinal) };
}

export function hasIdentity({ metadata }: Pod, ordinal: number): boolean {
  return Object.entries(identityLabels(metadata.name, ordinal)).every(
    ([key, value]) => metadata.labels?.[key] === value,
  );
}

export function withIdentity(pod: Pod, ordinal: number): Pod {
  const labels = { ...pod.metadata.labels, ...identityLabels(pod.metadata.name, ordinal) };
  return { ...pod, metadata: { ...pod.metadata, labels } };
}

/** The claims' volumes come first; a volume of the template with a claim's name gives way to it. */
function volumesOf(set: StatefulSet, ordinal: number, others: readonly Volume[]): { volumes?: readonly Volume[] } {
  const templates = set.spec.volumeClaimTemplates ?? [];
  const names = new Set(templates.map(({ metadata }) => metadata.name));
  const claimed = templates.map((template) => ({
    name: template.metadata.name,
    persistentVolumeClaim: { claimName: claimNameOf(set, template, ordinal) },
  }));
  const volumes = [...claimed, ...others.filter(({ name }) => !names.has(name))];
  return volumes.length > 0 ? { volumes } : {};
}

export function claimNameOf(set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string {
  return `${template.metadata.name}-${podNameOf(set, ordinal)}`;
}

/** The claims that the pod with this ordinal mounts. */
export function claimsOf(set: StatefulSet, ordinal: number): readonly Draft<PersistentVolumeClaim>[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => {
    const { annotations, labels } = template.metadata;
    return {
      metadata: {
        name: claimNameOf(set, template, ordinal),
        namespace: set.metadata.namespace,
        labels: { ...labels, ...set.spec.selector.matchLabels },
        ...(annotations ? { annotations } : {}),
      },
      spec: template.spec,
    };
  });
}
