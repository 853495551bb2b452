/** A pod with what is worked out from it once, when first asked for. One per version of the pod. */
import type { Pod } from '../../api/index.ts';
import { podClaims } from '../../component-helpers/index.ts';
import { type PodAffinityTerms, podAffinityTerms } from './affinity-terms.ts';
import { type HostPort, podHostPorts } from './host-ports.ts';
import { podNonZeroRequests, podRequests } from './pod-requests.ts';
import type { ResourceAmounts } from './resource.ts';

export class PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  /** What it asks of its node. */
  readonly requests: ResourceAmounts;
  /** The same with an assumed amount for containers that ask for nothing. */
  readonly nonZeroRequests: ResourceAmounts;
  readonly hostPorts: readonly HostPort[];
  /** The keys `namespace/name` of the claims it uses. */
  readonly claimKeys: readonly string[];
  readonly hasAffinity: boolean;
  readonly hasRequiredAntiAffinity: boolean;
  #terms: PodAffinityTerms | undefined;

  constructor(pod: Pod) {
    this.pod = pod;
    this.uid = pod.metadata.uid;
    this.requests = podRequests(pod);
    this.nonZeroRequests = podNonZeroRequests(pod);
    this.hostPorts = podHostPorts(pod);
    this.claimKeys = podClaims(pod).map(({ claimName }) => `${pod.metadata.namespace}/${claimName}`);
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
    this.hasAffinity = Boolean(podAffinity || podAntiAffinity);
    this.hasRequiredAntiAffinity = (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;
  }

  get priority(): number {
    return this.pod.spec.priority ?? 0;
  }

  get affinity(): PodAffinityTerms {
    this.#terms ??= podAffinityTerms(this.pod);
    return this.#terms;
  }
}

const known = new WeakMap<Pod, PodInfo>();
/** The last one asked for: plugins ask for the same pod once per node. */
let latest: PodInfo | undefined;

export function podInfoOf(pod: Pod): PodInfo {
  if (latest?.pod === pod) return latest;
  let info = known.get(pod);
  if (!info) {
    info = new PodInfo(pod);
    known.set(pod, info);
  }
  latest = info;
  return info;
}
