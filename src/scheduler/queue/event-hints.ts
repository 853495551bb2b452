/** Which plugins care for which event, and for which pods. Upstream: QueueingHintMap. */
import type { Pod } from '../../api/index.ts';
import type { ClusterEvent, Happening, QueueingHint } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';

interface Listener {
  readonly plugin: string;
  readonly hint: QueueingHint<unknown> | undefined;
}

export class EventHints {
  readonly #listeners = new Map<ClusterEvent, Listener[]>();
  /** Plugins that registered no list: every event is theirs. */
  readonly #curious = new Set<string>();

  constructor(plugins: readonly Plugin[]) {
    for (const { name, events } of plugins) {
      if (!events) this.#curious.add(name);
      for (const { event, hint } of events ?? []) {
        const listeners = this.#listeners.get(event) ?? [];
        listeners.push({ plugin: name, hint });
        this.#listeners.set(event, listeners);
      }
    }
  }

  /** Whether anybody would listen. */
  concernsAny(event: ClusterEvent): boolean {
    return this.#curious.size > 0 || this.#listeners.has(event);
  }

  /** Whether what happened may make the pod schedulable that these plugins refused. */
  helps({ event, previous, current }: Happening, pod: Pod, refusedBy: ReadonlySet<string>): boolean {
    for (const plugin of refusedBy) if (this.#curious.has(plugin)) return true;
    for (const { plugin, hint } of this.#listeners.get(event) ?? []) {
      if (refusedBy.has(plugin) && (hint?.(pod, previous, current) ?? true)) return true;
    }
    return false;
  }
}
