/**
 * Keeps node.status.volumesAttached: what a node's agent may rely on. One writer per node at a time; what changes
 * meanwhile goes into one write. Each write is refused if the node changed since it was read, so that two controllers
 * never undo each other. Upstream: attachdetach/statusupdater/node_status_updater.go.
 */
import { type AttachedVolume, isConflict, isNotFound, type Node, nodes } from '../../api/index.ts';
import { KeyLock } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import type { WrittenCache } from '../common/written-cache.ts';

/** Each try starts from what the API server has: a node is written by its agent too. */
const maxTries = 5;

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
      let known: Node | undefined = this.#options.nodes.get(name);
      for (let tries = 1; known; tries++) {
        const volumesAttached = this.#listFor(known);
        if (!volumesAttached) return;
        try {
          const { resourceVersion } = known.metadata;
          const status = { volumesAttached: volumesAttached.length > 0 ? volumesAttached : null };
          const body = { metadata: { resourceVersion }, status };
          const patched = await client.patch(
            nodes,
            { name },
            { type: 'merge', body },
            { subresource: 'status', signal },
          );
          this.#options.nodes.record(patched);
          return;
        } catch (error) {
          if (isNotFound(error)) return;
          if (!isConflict(error) || tries === maxTries) throw error;
          known = await client.get(nodes, { name }, { signal });
        }
      }
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
