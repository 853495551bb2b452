import { keyOf, type Pod } from '../api/index.ts';
import { type DecisionLog, messageOf } from '../base/index.ts';
import { FitError } from './framework/fit-error.ts';

/** More nodes than this are only in the counts of the message. */
const maxNodesTold = 100;

function keyFor(pod: Pod): string {
  return `pod/${keyOf(pod)}`;
}

/** Keeps where the pod was placed, for whoever asks. */
export function explainPlacement(decisions: DecisionLog | undefined, pod: Pod, node: string): void {
  decisions?.record(keyFor(pod), `place ${node}`, { kind: 'place', node });
}

/** Keeps why the pod waits, node by node, for whoever asks. */
export function explainFailure(decisions: DecisionLog | undefined, pod: Pod, thrown: unknown): void {
  if (!decisions) return;
  const message = messageOf(thrown);
  const diagnosis = thrown instanceof FitError ? thrown.diagnosis : undefined;
  decisions.record(keyFor(pod), message, {
    kind: 'wait',
    message,
    refusedBy: [...(diagnosis?.plugins ?? [])],
    nodes: diagnosis?.statuses.reasonsByNode(maxNodesTold) ?? {},
  });
}

export function forgetExplanation(decisions: DecisionLog | undefined, pod: Pod): void {
  decisions?.forget(keyFor(pod));
}
