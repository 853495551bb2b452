/**
 * Keeps node.status.volumesAttached: what a node's agent may rely on. One write per node at a time; what changes
 * meanwhile goes into one write. Nobody else writes the field, so a write needs no precondition and does not collide
 * with what the agent writes about itself. Upstream: attachdetach/statusupdater/node_status_updater.go.
 */
import { type AttachedVolume, type Node, nodes } from '../../api/index.ts';
import { KeyLock } from '../../base/index.ts';
import { type Client, ifFound } from '../../client/index.ts';
import type { WrittenCache } from '../common/written-cache.ts';

export interface NodeReportsOptions {
  readonly client: Client;
  readonly nodes: WrittenCache<Node>;
  /** The names of the volumes that the node may rely on. `reported` are those it is told of at present. */
  readonly usableVolumes: (node: string, reported: ReadonlySet<string>) => ReadonlySet<string>;
  /** The path of the volume's device on the node; '' when there is none. */
  readonly devicePathOf: (node: string, volumeName: string) => string;
  /** Grows whenever the answer of `usableVolumes` may have changed. */
  readonly versionOf: (node: string) => number;
}

/** A look that found the node's list as it must be. */
interface GoodLook {
  readonly node: Node;
  readonly version: number;
}

export class NodeReports {
  readonly #options: NodeReportsOptions;
  readonly #goodLooks = new Map<string, GoodLook>();
  readonly #reported = new WeakMap<Node, ReadonlySet<string>>();
  readonly #lock = new KeyLock<string>();

  constructor(options: NodeReportsOptions) {
    this.#options = options;
  }

  /** Resolves when the node is told of exactly the volumes it may rely on. A node that is gone is told nothing. */
  async flush(name: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const node = this.#options.nodes.get(name);
    if (!node || this.#isKnownGood(node)) return;
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

  /** Whether there is a node that is not told of the volume, as far as is known here. */
  isMissing(name: string, volumeName: string): boolean {
    const node = this.#options.nodes.get(name);
    return node !== undefined && !this.#reportedTo(node).has(volumeName);
  }

  /** The names in the node's list: worked out once for each version of the node. */
  #reportedTo(node: Node): ReadonlySet<string> {
    const known = this.#reported.get(node);
    if (known) return known;
    const names = new Set(node.status?.volumesAttached?.map(({ name }) => name));
    this.#reported.set(node, names);
    return names;
  }

  /** Whether nothing has changed since the node's list was found as it must be. */
  #isKnownGood(node: Node): boolean {
    const look = this.#goodLooks.get(node.metadata.name);
    return look?.node === node && look.version === this.#options.versionOf(node.metadata.name);
  }

  /** The list as it must be; undefined when it is so. What stays keeps its place. */
  #listFor(node: Node): readonly AttachedVolume[] | undefined {
    const { name: nodeName } = node.metadata;
    if (this.#isKnownGood(node)) return undefined;
    const current = node.status?.volumesAttached ?? [];
    const reported = this.#reportedTo(node);
    const usable = this.#options.usableVolumes(nodeName, reported);
    const pathOf = (name: string) => this.#options.devicePathOf(nodeName, name);
    const rightly = (volume: AttachedVolume) => {
      const devicePath = pathOf(volume.name);
      return isSamePath(volume.devicePath, devicePath) ? volume : { name: volume.name, devicePath };
    };
    const kept = current.filter(({ name }) => usable.has(name)).map(rightly);
    if (usable.size === current.length && kept.every((volume, index) => volume === current[index])) {
      this.#goodLooks.set(nodeName, { node, version: this.#options.versionOf(nodeName) });
      return undefined;
    }
    const added = [...usable].filter((name) => !reported.has(name)).sort();
    return [...kept, ...added.map((name) => ({ name, devicePath: pathOf(name) }))];
  }
}

/** A path that is not known says nothing against the one that the node was told. */
function isSamePath(told: string, known: string): boolean {
  return known === '' || told === known;
}
