/**
 * Keeps pods together and apart as their affinity and anti-affinity to other pods say, in both directions: a pod's own
 * terms, and those of the pods that are there. Leaves itself out where nobody says anything.
 */
import { isEqual, type Namespace, type Pod } from '../../../api/index.ts';
import type { Lister } from '../../../client/index.ts';
import type { PodAffinityTerms } from '../../cache/affinity-terms.ts';
import { podInfoOf } from '../../cache/pod-info.ts';
import {
  type CycleState,
  type NodeInfo,
  on,
  type Plugin,
  type PodInfo,
  type PreFilterResult,
  type Snapshot,
} from '../../framework/plugin.ts';
import { type Status, skip, success } from '../../framework/status.ts';
import { NodeMemo } from '../node-memo.ts';
import type { InterPodAffinityArguments } from '../plugin-arguments.ts';
import { FilterState, type NodeMatches } from './filter-state.ts';
import { incomingTerms, type NamespaceLabels } from './incoming-terms.ts';
import { nodeChangeMayHelp, podChangeMayHelp } from './queueing-hints.ts';
import {
  countPreferences,
  defaultHardPodAffinityWeight,
  type NodePreferences,
  normalizePreferences,
} from './score-state.ts';
import type { TopologyCounts } from './topology-counts.ts';

const filterKey = 'PreFilterInterPodAffinity';
const scoreKey = 'PreScoreInterPodAffinity';

interface InterPodAffinityOptions extends InterPodAffinityArguments {
  readonly namespaces: Lister<Namespace>;
}

export class InterPodAffinity implements Plugin {
  readonly name = 'InterPodAffinity';
  readonly weight = 2;
  readonly events = [
    ...on(['AssignedPodAdd', 'AssignedPodUpdate', 'AssignedPodDelete'], (pod, previous, current) =>
      podChangeMayHelp(this.#waiting(pod), { previous, current }, this.#namespaces),
    ),
    ...on(['NodeAdd', 'UpdateNodeLabel'], (pod, previous, current) =>
      nodeChangeMayHelp(this.#waiting(pod), { previous, current }),
    ),
    // With a node its pods no longer count, before they are deleted themselves.
    ...on(['NodeDelete']),
    ...on(['NamespaceUpdate'], (_pod, previous, current) => {
      return !isEqual(previous?.metadata.labels, current?.metadata.labels);
    }),
    ...on(['PodUpdate'], (_pod, previous, current) => !isEqual(previous?.metadata.labels, current?.metadata.labels)),
  ];
  readonly #namespaces: NamespaceLabels;
  readonly #hardPodAffinityWeight: number;
  readonly #ignoresOthers: boolean;
  readonly #matches = new NodeMemo<NodeMatches>();
  readonly #preferences = new NodeMemo<NodePreferences>();

  constructor(options: InterPodAffinityOptions) {
    const { namespaces } = options;
    this.#ignoresOthers = options.ignorePreferredTermsOfExistingPods ?? false;
    this.#hardPodAffinityWeight = options.hardPodAffinityWeight ?? defaultHardPodAffinityWeight;
    this.#namespaces = {
      labelsOf: (name) => namespaces.get(name)?.metadata.labels,
      matching: (selector) =>
        namespaces.list().flatMap(({ metadata }) => (selector.matches(metadata.labels) ? [metadata.name] : [])),
    };
  }

  preFilter(state: CycleState, pod: Pod, snapshot: Snapshot): PreFilterResult {
    const counted = FilterState.count(this.#incoming(pod), snapshot, this.#matches);
    if (counted.isIndifferent) return { status: skip };
    state.write(filterKey, counted);
    return { status: success };
  }

  addPod(state: CycleState, _pod: Pod, added: PodInfo, { node }: NodeInfo): void {
    state.read<FilterState>(filterKey)?.addPod(added, node);
  }

  removePod(state: CycleState, _pod: Pod, removed: PodInfo, { node }: NodeInfo): void {
    state.read<FilterState>(filterKey)?.removePod(removed, node);
  }

  filter(state: CycleState, _pod: Pod, { node }: NodeInfo): Status {
    return state.read<FilterState>(filterKey)?.check(node) ?? success;
  }

  preScore(state: CycleState, pod: Pod, _nodes: readonly NodeInfo[], snapshot: Snapshot): Status {
    const { preferredAffinity, preferredAntiAffinity } = podInfoOf(pod).affinity;
    if (this.#ignoresOthers && preferredAffinity.length + preferredAntiAffinity.length === 0) return skip;
    const input = { ...this.#incoming(pod), hardPodAffinityWeight: this.#hardPodAffinityWeight };
    const counts = countPreferences(input, snapshot, this.#preferences);
    if (!counts) return skip;
    state.write(scoreKey, counts);
    return success;
  }

  score(state: CycleState, _pod: Pod, { node }: NodeInfo): number {
    return state.read<TopologyCounts>(scoreKey)?.sum(node.metadata.labels) ?? 0;
  }

  normalizeScore(_state: CycleState, _pod: Pod, scores: number[]): void {
    for (const [index, score] of normalizePreferences(scores).entries()) scores[index] = score;
  }

  #terms(pod: Pod): PodAffinityTerms {
    return incomingTerms(podInfoOf(pod).affinity, this.#namespaces);
  }

  #waiting(pod: Pod) {
    return { pod, terms: this.#terms(pod) };
  }

  #incoming(pod: Pod) {
    return { ...this.#waiting(pod), namespaceLabels: this.#namespaces.labelsOf(pod.metadata.namespace ?? '') };
  }
}
