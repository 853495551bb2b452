/** What the plugins of the profiles have to say about waiting pods, each about those of its own profile. */
import type { Pod } from '../../api/index.ts';
import type { ClusterEvent, Happening } from '../framework/cluster-event.ts';
import type { Plugin, QueuedPod } from '../framework/plugin.ts';
import { schedulerNameOf } from '../framework/scheduler-name.ts';
import { isRejected } from '../framework/status.ts';
import { EventHints } from './event-hints.ts';

/** The plugins of each profile, by the name that pods ask for. */
export type PluginsByProfile = ReadonlyMap<string, readonly Plugin[]>;

interface ProfilePlugins {
  readonly hints: EventHints;
  readonly gates: readonly Plugin[];
}

export class QueuePlugins {
  readonly #profiles = new Map<string, ProfilePlugins>();
  readonly #listeners = new Map<ClusterEvent, readonly string[]>();
  readonly #sorting: Plugin | undefined;

  constructor(profiles: PluginsByProfile) {
    for (const [name, plugins] of profiles) {
      this.#profiles.set(name, {
        hints: new EventHints(plugins),
        gates: plugins.filter((plugin) => plugin.preEnqueue),
      });
    }
    // There is one queue, so the profiles share one order.
    this.#sorting = [...profiles.values()].flat().find((plugin) => plugin.compare);
  }

  compare(a: QueuedPod, b: QueuedPod): number {
    return this.#sorting?.compare?.(a, b) ?? a.sinceMs - b.sinceMs;
  }

  /** The plugins that listen to the event, of any profile. */
  listeners(event: ClusterEvent): readonly string[] {
    let listeners = this.#listeners.get(event);
    if (!listeners) {
      listeners = [...new Set([...this.#profiles.values()].flatMap(({ hints }) => hints.listeners(event)))];
      this.#listeners.set(event, listeners);
    }
    return listeners;
  }

  /** Whether what happened may make the pod schedulable that these plugins refused. */
  helps(happening: Happening, pod: Pod, refusedBy: ReadonlySet<string>): boolean {
    return this.#profiles.get(schedulerNameOf(pod))?.hints.helps(happening, pod, refusedBy) ?? false;
  }

  /** The plugin that keeps the pod from being tried. */
  gateOf(pod: Pod): string | undefined {
    const gates = this.#profiles.get(schedulerNameOf(pod))?.gates;
    return gates?.find((plugin) => plugin.preEnqueue && isRejected(plugin.preEnqueue(pod)))?.name;
  }
}
