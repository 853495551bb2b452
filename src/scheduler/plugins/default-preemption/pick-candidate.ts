import { podStartMs } from './pod-importance.ts';
import type { Candidate } from './select-victims.ts';

/** Makes every priority positive, so that fewer victims always weigh less than more of the same. */
const priorityOffset = 2 ** 31;

function highestPriority({ victims }: Candidate): number {
  return victims[0]?.spec.priority ?? 0;
}

function sumOfPriorities({ victims }: Candidate): number {
  return victims.reduce((sum, { spec }) => sum + (spec.priority ?? 0) + priorityOffset, 0);
}

/** When the first of the most important victims started. */
function earliestStartMs(candidate: Candidate): number {
  const highest = highestPriority(candidate);
  const most = candidate.victims.filter(({ spec }) => (spec.priority ?? 0) === highest);
  return Math.min(...most.map(podStartMs));
}

/** What is to be as small as possible, in this order. */
const costs: readonly ((candidate: Candidate) => number)[] = [
  ({ budgetViolations }) => budgetViolations,
  highestPriority,
  sumOfPriorities,
  ({ victims }) => victims.length,
  (candidate) => -earliestStartMs(candidate),
];

/** The node where preemption does the least harm; of equals the first. Upstream: pickOneNodeForPreemption. */
export function pickCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const cost of costs) {
    if (left.length <= 1) break;
    const priced = left.map((candidate) => ({ candidate, price: cost(candidate) }));
    const lowest = Math.min(...priced.map(({ price }) => price));
    left = priced.filter(({ price }) => price === lowest).map(({ candidate }) => candidate);
  }
  return left[0];
}
