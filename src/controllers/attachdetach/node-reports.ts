/**
 * Keeps node.status.volumesAttached: what a node's agent may rely on. One write per node at a time; what changes
 * meanwhile goes into one write. Nobody else writes the field, so a write needs no precondition and does not collide
 * with what the agent writes about itself. Upstream: attachdetach/statusupdater/node_status_updater.go.
 */
import { type AttachedVolume, type Node, nodes } from '../../api/index.ts';
import { KeyLock } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import { ifFound } from '../common/read-live.ts';
import type { WrittenCache } from '../common/written-cache.ts';

export interface NodeReportsOptions {
  readonly client: Client;
  readonly nodes: WrittenCache<Node>;
  /** The names of the volumes that the node may rely on. `reported` are those it is told of at present. */
  readonly usableVolumes: (node: string, reported: ReadonlySet<string>) => ReadonlySet<string>;
}

export class NodeReports {
  readonly #options: NodeReportsOptions;
  readonly #lock = new KeyLock<string>();

  constructor(options: NodeReportsOptions) {
    this.#options = options;
  }

  /** Resolves when the node is told of exactly the volumes it may rely on. A node that is gone is told nothing. */
  async flush(name: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const node = this.#options.nodes.get(name);
    if (!node || !this.#listFor(node)) return;
    await this.#lock.run(name, async () => {
      const known = this.#options.nodes.get(name);
      const volumesAttached = known && this.#listFor(known);
      if (!volumesAttached) return;
      const body = { status: { volumesAttached: volumesAttached.length > 0 ? volumesAttached : null } };
      const patch = client.patch(nodes, { name }, { type: 'merge', body }, { subresource: 'status', signal });
      const patched = await ifFound(patch);
      if (patched) this.#options.nodes.record(patched);
    });
  }

  /** The list as it must be; undefined when it is so. What stays keeps its place. */
  #listFor(node: Node): readonly AttachedVolume[] | undefined {
    const current = node.status?.volumesAttached ?? [];
    const reported = new Set(current.map(({ name }) => name));
    const usable = this.#options.usableVolumes(node.metadata.name, reported);
    if (usable.size === reported.size && current.every(({ name }) => usable.has(name))) return undefined;
    const added = [...usable].filter((name) => !reported.has(name)).sort();
    return [...current.filter(({ name }) => usable.has(name)), ...added.map((name) => ({ name, devicePath: '' }))];
  }
}
