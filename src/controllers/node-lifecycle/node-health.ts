/**
 * When each node last gave a sign of life, by this process's own clock: what a node writes about the time cannot be
 * trusted, only that it wrote. A sign is a renewed lease or a new heartbeat in the Ready condition.
 */
import type { Lease, Node } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { nodeCondition } from '../common/node-condition.ts';

interface Signs {
  renewTime?: string | undefined;
  heartbeat?: string | undefined;
  atMs: number;
}

export class NodeHealth {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #signs = new Map<string, Signs>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  observeLease({ metadata, spec }: Lease): void {
    const signs = this.#signsOf(metadata.name);
    if (spec?.renewTime === signs.renewTime) return;
    signs.renewTime = spec?.renewTime;
    signs.atMs = this.#clock.monotonic();
  }

  observeNode(node: Node): void {
    const signs = this.#signsOf(node.metadata.name);
    const heartbeat = nodeCondition(node, 'Ready')?.lastHeartbeatTime;
    if (heartbeat === signs.heartbeat) return;
    signs.heartbeat = heartbeat;
    signs.atMs = this.#clock.monotonic();
  }

  forget(nodeName: string): void {
    this.#signs.delete(nodeName);
  }

  /** How long the node has been silent. One that was never heard of begins now. */
  silentForMs(nodeName: string): number {
    return this.#clock.monotonic() - this.#signsOf(nodeName).atMs;
  }

  #signsOf(nodeName: string): Signs {
    let signs = this.#signs.get(nodeName);
    if (!signs) {
      signs = { atMs: this.#clock.monotonic() };
      this.#signs.set(nodeName, signs);
    }
    return signs;
  }
}
