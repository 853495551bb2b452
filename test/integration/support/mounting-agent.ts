/**
 * An agent that mounts one volume as the protocol wants it: says that it uses the volume, waits until it is told that it
 * has it, mounts, unmounts when no pod is left, and says so.
 */
import {
  isNotFound,
  nodes,
  type Pod,
  persistentVolumeClaims,
  pods,
  volumeAttachments,
} from '../../../src/api/index.ts';
import { isAbort } from '../../../src/base/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { podClaims } from '../../../src/component-helpers/index.ts';
import type { ControlPlane } from './control-plane.ts';

const lookEveryMs = 200;

export interface MountingAgentOptions {
  readonly node: string;
  readonly claimName: string;
  /** As in the node's status. */
  readonly volumeName: string;
  readonly attachmentName: string;
  readonly client: Client;
  /** Called at the moment of the mount. */
  readonly onMount: () => void;
}

export class MountingAgent {
  readonly #options: MountingAgentOptions;
  isMounted = false;
  #isReported = false;

  constructor(plane: ControlPlane, options: MountingAgentOptions) {
    this.#options = options;
    const stop = new AbortController();
    const running = this.#run(plane, stop.signal);
    plane.use({
      async [Symbol.asyncDispose]() {
        stop.abort();
        await running;
      },
    });
  }

  async #run({ clock }: ControlPlane, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await clock.sleep(lookEveryMs, signal);
        await this.#look();
      } catch (error) {
        if (!isAbort(error)) throw error;
      }
    }
  }

  async #look(): Promise<void> {
    const { client, node, volumeName, onMount } = this.#options;
    const wanted = await this.#isWanted();
    if (wanted && !this.#isReported) {
      await this.#report([volumeName]);
      this.#isReported = true;
    } else if (wanted && !this.isMounted) {
      const { status } = await client.get(nodes, { name: node });
      if (!status?.volumesAttached?.some(({ name }) => name === volumeName)) return;
      if (!(await this.#isAttachmentGood())) return;
      onMount();
      this.isMounted = true;
    } else if (!wanted && this.#isReported) {
      this.isMounted = false;
      await this.#report([]);
      this.#isReported = false;
    }
  }

  /** What the driver is given to stage with comes from the attachment. */
  async #isAttachmentGood(): Promise<boolean> {
    const { attachmentName: name, client } = this.#options;
    try {
      const { metadata, status } = await client.get(volumeAttachments, { name });
      return status?.attached === true && metadata.deletionTimestamp === undefined;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #isWanted(): Promise<boolean> {
    const { client, claimName, node } = this.#options;
    await client.get(persistentVolumeClaims, { namespace: 'default', name: claimName });
    const { items } = await client.list(pods);
    const uses = (pod: Pod) => podClaims(pod).some((claim) => claim.claimName === claimName);
    return items.some((pod) => pod.spec.nodeName === node && uses(pod));
  }

  async #report(volumesInUse: readonly string[]): Promise<void> {
    const { client, node } = this.#options;
    const body = { status: { volumesInUse } };
    await client.patch(nodes, { name: node }, { type: 'merge', body }, { subresource: 'status' });
  }
}
