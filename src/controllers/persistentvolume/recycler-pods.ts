/**
 * The recycler pods that this process started and waits for. What is not in here was started by somebody else, and
 * nobody can tell whether it really empties the volume.
 */
import { coreEvents, type Event, type PersistentVolume, type Pod, type WatchStream } from '../../api/index.ts';
import { type Logger, messageOf } from '../../base/index.ts';
import type { Client, EventRecorder } from '../../client/index.ts';

export interface Recycling {
  readonly volumeUid: string;
  readonly namespace: string;
  readonly podName: string;
  readonly podUid: string;
}

export interface RecyclerPodsOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly logger: Logger;
}

export class RecyclerPods implements Disposable {
  readonly #options: RecyclerPodsOptions;
  /** By the volume's name. */
  readonly #recycling = new Map<string, Recycling & { readonly relay: AbortController }>();
  readonly #volumeByPodUid = new Map<string, string>();

  constructor(options: RecyclerPodsOptions) {
    this.#options = options;
  }

  get(volumeName: string): Recycling | undefined {
    return this.#recycling.get(volumeName);
  }

  /** The name of the volume that the pod empties, if this process started the pod. */
  volumeOf(pod: Pod): string | undefined {
    return this.#volumeByPodUid.get(pod.metadata.uid);
  }

  /** Creates the pod, and from then on tells of the volume what is told of the pod. */
  async start(
    volume: PersistentVolume,
    { namespace, name: podName }: { readonly namespace: string; readonly name: string },
    create: () => Promise<Pod>,
  ): Promise<void> {
    const relay = new AbortController();
    const fieldSelector = `involvedObject.name=${podName}`;
    const events = await this.#options.client.watch(coreEvents, { namespace, fieldSelector, signal: relay.signal });
    let pod: Pod;
    try {
      pod = await create();
    } catch (thrown) {
      relay.abort();
      await events[Symbol.asyncDispose]();
      throw thrown;
    }
    const { name, uid: volumeUid } = volume.metadata;
    this.#recycling.set(name, { volumeUid, namespace, podName, podUid: pod.metadata.uid, relay });
    this.#volumeByPodUid.set(pod.metadata.uid, name);
    void this.#relay(volume, pod, events);
  }

  forget(volumeName: string): void {
    const recycling = this.#recycling.get(volumeName);
    if (!recycling) return;
    recycling.relay.abort();
    this.#recycling.delete(volumeName);
    this.#volumeByPodUid.delete(recycling.podUid);
  }

  [Symbol.dispose](): void {
    for (const volumeName of [...this.#recycling.keys()]) this.forget(volumeName);
  }

  async #relay(volume: PersistentVolume, pod: Pod, stream: WatchStream<Event>): Promise<void> {
    try {
      await using events = stream;
      for await (const { type: change, object } of events) {
        if (change !== 'ADDED' || object.involvedObject?.uid !== pod.metadata.uid) continue;
        const type = object.type === 'Warning' ? 'Warning' : 'Normal';
        this.#options.recorder.event(volume, type, 'RecyclerPod', `Recycler pod: ${object.message ?? ''}`);
      }
    } catch (error) {
      // The stream ends with the recycling, or breaks: what it tells helps people and decides nothing.
      const fields = { volume: volume.metadata.name, error: messageOf(error) };
      this.#options.logger.debug('the events of a recycler pod are no longer followed', fields);
    }
  }
}
