/**
 * Pods that have ended and are kept for their logs, until there are too many of them. Upstream: podgc gcTerminated,
 * with those first that were evicted, then the oldest.
 */
import { keyOf, type Pod } from '../../api/index.ts';

export class EndedPods {
  readonly #threshold: number;
  readonly #pods = new Map<string, Pod>();

  /** 0 keeps any number. */
  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  observe(pod: Pod): void {
    if (this.#threshold > 0 && hasEnded(pod)) this.#pods.set(keyOf(pod), pod);
    else this.#pods.delete(keyOf(pod));
  }

  forget(pod: Pod): void {
    this.#pods.delete(keyOf(pod));
  }

  get isTooMany(): boolean {
    return this.#pods.size > this.#threshold;
  }

  /** The pods that are too many. */
  surplus(): readonly Pod[] {
    if (!this.isTooMany) return [];
    return [...this.#pods.values()].sort(compareWorth).slice(0, this.#pods.size - this.#threshold);
  }
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function compareWorth(left: Pod, right: Pod): number {
  const evicted = Number(isEvicted(right)) - Number(isEvicted(left));
  if (evicted !== 0) return evicted;
  const age = Date.parse(left.metadata.creationTimestamp) - Date.parse(right.metadata.creationTimestamp);
  return age !== 0 ? age : keyOf(left) < keyOf(right) ? -1 : 1;
}

function isEvicted({ status }: Pod): boolean {
  return status?.phase === 'Failed' && status.reason === 'Evicted';
}
