/** Which plugins care for which event, and for which pods. Upstream: QueueingHintMap. */
import type { Pod } from '../../api/index.ts';
import type { ClusterEvent, Happening, QueueingHint } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';

type Hints = ReadonlyMap<string, readonly (QueueingHint<unknown> | undefined)[]>;

const noHints: Hints = new Map();

export class EventHints {
  /** By event, the hints of each plugin that registered it. */
  readonly #hints = new Map<ClusterEvent, Map<string, (QueueingHint<unknown> | undefined)[]>>();
  /** Plugins that registered no list: every event is theirs. */
  readonly #curious: ReadonlySet<string>;

  constructor(plugins: readonly Plugin[]) {
    this.#curious = new Set(plugins.filter(({ events }) => !events).map(({ name }) => name));
    for (const { name, events } of plugins) {
      for (const { event, hint } of events ?? []) {
        const ofEvent = this.#hints.get(event) ?? new Map<string, (QueueingHint<unknown> | undefined)[]>();
        ofEvent.set(name, [...(ofEvent.get(name) ?? []), hint]);
        this.#hints.set(event, ofEvent);
      }
    }
  }

  /** The plugins that listen to the event. */
  listeners(event: ClusterEvent): readonly string[] {
    return [...this.#curious, ...(this.#hints.get(event) ?? noHints).keys()];
  }

  /** Whether what happened may make the pod schedulable that these plugins refused. */
  helps({ event, previous, current }: Happening, pod: Pod, refusedBy: ReadonlySet<string>): boolean {
    const ofEvent = this.#hints.get(event) ?? noHints;
    for (const plugin of refusedBy) {
      if (this.#curious.has(plugin)) return true;
      if (ofEvent.get(plugin)?.some((hint) => hint?.(pod, previous, current) ?? true)) return true;
    }
    return false;
  }
}
