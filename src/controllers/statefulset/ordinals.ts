/** Which pods a StatefulSet has and which identity each of them holds. Upstream: statefulset/stateful_set_utils.go. */
import type { Pod, StatefulSet } from '../../api/index.ts';

const podNamePattern = /^(.+)-(\d+)$/;

/** The set's name and the ordinal in a pod's name, if it has that form. */
export function parsePodName(podName: string): { readonly parent: string; readonly ordinal: number } | undefined {
  const match = podNamePattern.exec(podName);
  const [, parent, digits] = match ?? [];
  if (parent === undefined || digits === undefined) return undefined;
  const ordinal = Number(digits);
  return Number.isSafeInteger(ordinal) ? { parent, ordinal } : undefined;
}

export function podNameOf(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`;
}

export interface OrdinalRange {
  readonly start: number;
  /** The first ordinal after the last replica. */
  readonly end: number;
}

export function ordinalRange({ spec }: StatefulSet): OrdinalRange {
  const start = spec.ordinals?.start ?? 0;
  return { start, end: start + (spec.replicas ?? 1) };
}

export interface PodsOfSet {
  /** One place per ordinal of the range, in order; empty where no pod is. */
  readonly replicas: readonly { readonly ordinal: number; readonly pod: Pod | undefined }[];
  /** Pods beyond the range, the lowest ordinal first. */
  readonly condemned: readonly Pod[];
}

export function arrangePods(set: StatefulSet, pods: readonly Pod[]): PodsOfSet {
  const { start, end } = ordinalRange(set);
  const byOrdinal = new Map<number, Pod>();
  const condemned: { readonly ordinal: number; readonly pod: Pod }[] = [];
  for (const pod of pods) {
    const parsed = parsePodName(pod.metadata.name);
    if (parsed?.parent !== set.metadata.name) continue;
    if (parsed.ordinal >= start && parsed.ordinal < end) byOrdinal.set(parsed.ordinal, pod);
    else condemned.push({ ordinal: parsed.ordinal, pod });
  }
  const replicas = [];
  for (let ordinal = start; ordinal < end; ordinal++) replicas.push({ ordinal, pod: byOrdinal.get(ordinal) });
  condemned.sort((left, right) => left.ordinal - right.ordinal);
  return { replicas, condemned: condemned.map(({ pod }) => pod) };
}
