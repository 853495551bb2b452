/**
 * Writes what CSI drivers say about this node into its Node (node ids, topology labels) and its CSINode. Only the
 * agent of the node writes these; what is written for one driver never disturbs another's.
 *
 * Upstream: pkg/volume/csi/nodeinfomanager.
 */
import { type CSINode, csiNodes, isAlreadyExists, isConflict, isNotFound, type Node, nodes } from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';
import { KeyLock } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import { annMigratedPlugins, migratedPlugins } from '../../component-helpers/index.ts';
import {
  csiNodeWith,
  csiNodeWithout,
  type DriverNodeInfo,
  type NodePatch,
  nodePatchFor,
  nodePatchWithout,
} from './node-info.ts';

/** Upstream's updateBackoff: conflicts with other writers of the Node pass quickly. */
const retry = { steps: 4, firstMs: 10, factor: 5, jitter: 0.1 };

export interface NodeInfoManagerOptions {
  readonly client: Client;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly random: Random;
}

export class NodeInfoManager {
  readonly #options: NodeInfoManagerOptions;
  /** Reads and writes of one object follow one another. */
  readonly #lock = new KeyLock<'node'>();

  constructor(options: NodeInfoManagerOptions) {
    this.#options = options;
  }

  /** Makes sure that the CSINode exists. Rejects while the Node does not. */
  async initialize(signal: AbortSignal): Promise<void> {
    await this.#retrying(signal, async () => {
      await this.#ensureCsiNode(signal);
    });
  }

  async install(info: DriverNodeInfo, signal: AbortSignal): Promise<void> {
    await this.#retrying(signal, async () => {
      const node = await this.#getNode(signal);
      await this.#patchNode(node, nodePatchFor(node, info), signal);
      const csiNode = await this.#ensureCsiNode(signal);
      const wanted = csiNodeWith(csiNode, info);
      if (wanted) await this.#options.client.update(csiNodes, wanted, { signal });
    });
  }

  async uninstall(driver: string, signal: AbortSignal): Promise<void> {
    await this.#retrying(signal, async () => {
      const csiNode = await this.#findCsiNode(signal);
      const wanted = csiNode && csiNodeWithout(csiNode, driver);
      if (wanted) await this.#options.client.update(csiNodes, wanted, { signal });
      const node = await this.#getNode(signal);
      await this.#patchNode(node, nodePatchWithout(node, driver), signal);
    });
  }

  #getNode(signal: AbortSignal): Promise<Node> {
    return this.#options.client.get(nodes, { name: this.#options.nodeName }, { signal });
  }

  async #findCsiNode(signal: AbortSignal): Promise<CSINode | undefined> {
    try {
      return await this.#options.client.get(csiNodes, { name: this.#options.nodeName }, { signal });
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  async #ensureCsiNode(signal: AbortSignal): Promise<CSINode> {
    const { client, nodeName } = this.#options;
    const present = await this.#findCsiNode(signal);
    const annotation = migratedPlugins.join(',');
    if (present) {
      if (present.metadata.annotations?.[annMigratedPlugins] === annotation) return present;
      const annotations = { ...present.metadata.annotations, [annMigratedPlugins]: annotation };
      return await client.update(csiNodes, { ...present, metadata: { ...present.metadata, annotations } }, { signal });
    }
    const { uid } = (await this.#getNode(signal)).metadata;
    const metadata = {
      name: nodeName,
      annotations: { [annMigratedPlugins]: annotation },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }],
    };
    return await client.create(csiNodes, { metadata, spec: { drivers: [] } }, { signal });
  }

  async #patchNode(node: Node, patch: NodePatch | undefined, signal: AbortSignal): Promise<void> {
    if (!patch) return;
    const { name, resourceVersion } = node.metadata;
    // The resourceVersion makes a merge of a text that was composed from the Node as it was read safe.
    const body = { metadata: { resourceVersion, ...patch } };
    await this.#options.client.patch(nodes, { name }, { type: 'merge', body }, { signal });
  }

  async #retrying(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { clock, random } = this.#options;
    await this.#lock.run('node', async () => {
      let delayMs = retry.firstMs;
      for (let step = 1; ; step++) {
        try {
          await work();
          return;
        } catch (thrown) {
          if (step === retry.steps || !(isConflict(thrown) || isAlreadyExists(thrown))) throw thrown;
        }
        await clock.sleep(delayMs * (1 + random.next() * retry.jitter), signal);
        delayMs *= retry.factor;
      }
    });
  }
}
