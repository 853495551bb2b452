import { finalError } from './errors.ts';
import type { VolumePlugin } from './plugin.ts';
import type { VolumeSpec } from './volume-spec.ts';

/** Finds plugins that come and go while the agent runs (FlexVolume drivers). */
export interface DynamicPluginProber {
  /** The plugins to add or replace and the names to remove since the last call. */
  probe(): { readonly addOrUpdate: readonly VolumePlugin[]; readonly remove: readonly string[] };
}

const noProber: DynamicPluginProber = { probe: () => ({ addOrUpdate: [], remove: [] }) };

/** The plugins of this process. A volume belongs to exactly one of them. */
export class VolumePluginManager {
  readonly #plugins = new Map<string, VolumePlugin>();
  readonly #prober: DynamicPluginProber;
  readonly #probed = new Map<string, VolumePlugin>();

  constructor(plugins: readonly VolumePlugin[], prober: DynamicPluginProber = noProber) {
    for (const plugin of plugins) this.#plugins.set(plugin.name, plugin);
    this.#prober = prober;
  }

  /** The one plugin for the volume; a final VolumeError when none or several claim it. */
  findPluginBySpec(spec: VolumeSpec): VolumePlugin {
    this.#refreshProbed();
    const matches = this.#all().filter((plugin) => plugin.canSupport(spec));
    const [first] = matches;
    if (!first) throw finalError('no volume plugin matched');
    if (matches.length > 1) {
      throw finalError(`multiple volume plugins matched: ${matches.map((plugin) => plugin.name).join(',')}`);
    }
    return first;
  }

  findPluginByName(name: string): VolumePlugin {
    this.#refreshProbed();
    const plugin = this.#plugins.get(name) ?? this.#probed.get(name);
    if (!plugin) throw finalError('no volume plugin matched');
    return plugin;
  }

  list(): readonly VolumePlugin[] {
    this.#refreshProbed();
    return this.#all();
  }

  #all(): VolumePlugin[] {
    return [...this.#plugins.values(), ...this.#probed.values()];
  }

  #refreshProbed(): void {
    const { addOrUpdate, remove } = this.#prober.probe();
    for (const name of remove) this.#probed.delete(name);
    for (const plugin of addOrUpdate) this.#probed.set(plugin.name, plugin);
  }
}
