/**
 * Makes room for a pod that fits nowhere by removing less important ones. The choice is made within the attempt; the
 * removal runs beside the next attempts, and the pod is held back until it is done.
 */
import { keyOf, type Pod, type PodDisruptionBudget } from '../../../api/index.ts';
import { type Logger, messageOf } from '../../../base/index.ts';
import type { Lister } from '../../../client/index.ts';
import { isPodPhaseTerminal, podCondition } from '../../../component-helpers/index.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { podInfoOf } from '../../cache/pod-info.ts';
import type { CycleState } from '../../framework/cycle-state.ts';
import { fitMessage } from '../../framework/fit-error.ts';
import { NodeStatuses } from '../../framework/node-statuses.ts';
import type { Nominator } from '../../framework/nominator.ts';
import { on, type Plugin, type PostFilterResult, type Snapshot } from '../../framework/plugin.ts';
import { type Status, success, unresolvable, unschedulable } from '../../framework/status.ts';
import type { SchedulerMetrics } from '../../metrics.ts';
import type { PreemptionArguments } from '../plugin-arguments.ts';
import { type EvictionOptions, evictVictim } from './evict-victims.ts';
import { pickCandidate } from './pick-candidate.ts';
import { type Candidate, type FilterRunner, selectVictims } from './select-victims.ts';

/** Upstream's minCandidateNodesPercentage and minCandidateNodesAbsolute. */
const defaultMinCandidatesPercentage = 10;
const defaultMinCandidates = 100;

const unhelpful = unresolvable('Preemption is not helpful for scheduling');
const underWay = unresolvable('waiting for the preemption for this pod to be finished');

export interface DefaultPreemptionOptions extends EvictionOptions {
  readonly logger: Logger;
  readonly pods: Lister<Pod>;
  readonly budgets: Lister<PodDisruptionBudget>;
  readonly nominator: Nominator;
  readonly runner: () => FilterRunner;
  /** Runs work that is waited for when the scheduler stops. */
  track(work: Promise<void>): void;
  /** Victims are on their way out, so what waited for that may be tried. */
  finished(pod: Pod, failed: boolean): void;
  /** A pod lost what it was promised. */
  lostNomination(pod: Pod): Promise<void>;
  readonly metrics: Pick<SchedulerMetrics, 'preempting' | 'chosenVictims'>;
  readonly candidates?: PreemptionArguments | undefined;
}

export class DefaultPreemption implements Plugin {
  readonly name = 'DefaultPreemption';
  /** The plugins that refused the pod know when to try again; this one only holds it back. */
  readonly events = on(['AssignedPodDelete'], () => false);
  readonly #options: DefaultPreemptionOptions;
  readonly #underWay = new Set<string>();
  /** Where the next search begins, so that the same nodes are not always robbed first. */
  #offset = 0;

  constructor(options: DefaultPreemptionOptions) {
    this.#options = options;
  }

  preEnqueue(pod: Pod): Status {
    return this.#underWay.has(pod.metadata.uid) ? underWay : success;
  }

  postFilter(state: CycleState, given: Pod, statuses: NodeStatuses, snapshot: Snapshot): PostFilterResult {
    this.#options.metrics.preempting();
    const pod = this.#options.pods.get(keyOf(given)) ?? given;
    const hindrance = this.#hindrance(pod, statuses, snapshot);
    if (hindrance) return { status: unschedulable(`preemption: ${hindrance}`) };
    const answers = new NodeStatuses(unhelpful);
    const candidate = pickCandidate(this.#findCandidates(state, pod, statuses.unschedulable(snapshot.nodes), answers));
    if (!candidate) {
      const message = fitMessage({ nodeCount: snapshot.nodes.length, statuses: answers, plugins: new Set() });
      return { status: unschedulable(`preemption: ${message}`), nominatedNodeName: '' };
    }
    this.#preempt(pod, candidate);
    return { status: success, nominatedNodeName: candidate.nodeName };
  }

  /** Why the pod may not preempt others now. Upstream: PodEligibleToPreemptOthers. */
  #hindrance(pod: Pod, statuses: NodeStatuses, snapshot: Snapshot): string | undefined {
    if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
    const nominated = pod.status?.nominatedNodeName ?? this.#options.nominator.nodeOf(pod);
    if (!nominated || statuses.get(nominated).code === 'unresolvable') return undefined;
    const { priority } = podInfoOf(pod);
    for (const other of snapshot.node(nominated)?.pods.values() ?? []) {
      if (other.priority < priority && isLeavingByPreemption(other.pod)) {
        return 'not eligible due to a terminating pod on the nominated node.';
      }
    }
    return undefined;
  }

  #findCandidates(state: CycleState, pod: Pod, nodes: readonly NodeInfo[], answers: NodeStatuses): Candidate[] {
    const { minCandidatesPercentage = defaultMinCandidatesPercentage, minCandidates = defaultMinCandidates } =
      this.#options.candidates ?? {};
    const wanted = Math.max(minCandidates, Math.trunc((nodes.length * minCandidatesPercentage) / 100));
    const budgets = nodes.length > 0 ? this.#options.budgets.list() : [];
    const runner = this.#options.runner();
    const harmless: Candidate[] = [];
    const violating: Candidate[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[(this.#offset + i) % nodes.length] as NodeInfo;
      const selection = selectVictims({ runner, state, pod, node, budgets });
      if (selection.kind === 'refused') {
        answers.set(node.name, selection.status);
        continue;
      }
      const { candidate } = selection;
      (candidate.budgetViolations === 0 ? harmless : violating).push(candidate);
      if (harmless.length > 0 && harmless.length + violating.length >= wanted) break;
    }
    this.#offset++;
    return [...harmless, ...violating];
  }

  #preempt(pod: Pod, candidate: Candidate): void {
    this.#options.metrics.chosenVictims(candidate.victims.length);
    const leaving = candidate.victims.filter(({ metadata }) => !metadata.deletionTimestamp);
    if (leaving.length === 0) return;
    this.#underWay.add(pod.metadata.uid);
    this.#options.track(this.#evict(pod, candidate.nodeName, leaving));
  }

  async #evict(pod: Pod, nodeName: string, victims: readonly Pod[]): Promise<void> {
    const { logger, nominator, signal } = this.#options;
    let failed = false;
    try {
      // Less important pods that were promised the node may no longer fit there: they look for another place.
      const robbed = nominator.lowerThan(pod, nodeName).map((info) => info.pod);
      await Promise.all([
        ...robbed.map((other) => this.#options.lostNomination(other)),
        ...victims.map((victim) => evictVictim(this.#options, victim, pod, nodeName)),
      ]);
    } catch (thrown) {
      failed = true;
      if (!signal.aborted)
        logger.warn('preemption failed', { pod: keyOf(pod), node: nodeName, error: messageOf(thrown) });
    }
    this.#underWay.delete(pod.metadata.uid);
    this.#options.finished(pod, failed);
  }
}

/** Whether the pod is being deleted to make room. */
function isLeavingByPreemption(pod: Pod): boolean {
  if (!pod.metadata.deletionTimestamp || isPodPhaseTerminal(pod)) return false;
  const condition = podCondition(pod, 'DisruptionTarget');
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler';
}
