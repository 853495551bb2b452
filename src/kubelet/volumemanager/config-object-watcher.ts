/**
 * Watches the ConfigMaps and Secrets that volumes of this node show, one watch per object however many pods use it,
 * and tells which pods to write anew. A change that a broken watch missed is found by the periodic setUp.
 *
 * Upstream: pkg/kubelet/util/manager watch_based_manager.go.
 */
import {
  type ConfigMap,
  configMaps,
  type Pod,
  type ResourceType,
  type Secret,
  secrets,
  type Volume,
} from '../../api/index.ts';
import { Backoff, type Clock, type Logger, messageOf } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import type { PodUid } from './volume-manager.ts';

type ConfigObject = ConfigMap | Secret;

export interface ConfigObjectWatcherOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The object was created, changed or deleted. */
  readonly changed: (podUid: PodUid) => void;
}

/** Between tries of a watch that cannot be had. */
const retryBackoff = { initialMs: 1_000, maxMs: 60_000 };
/** An ended watch is begun again after this: a server that ends them at once must not be called in a loop. */
const renewMs = 1_000;

interface Watched {
  readonly type: ResourceType<ConfigObject>;
  readonly namespace: string;
  readonly name: string;
  readonly pods: Set<PodUid>;
  readonly stop: AbortController;
  seenVersion: string | undefined;
}

export class ConfigObjectWatcher implements AsyncDisposable {
  readonly #options: ConfigObjectWatcherOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #backoff = new Backoff<string>(retryBackoff);
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: ConfigObjectWatcherOptions) {
    this.#options = options;
  }

  /** The objects of the pod's volumes are watched from now on, and only these. */
  setPod(pod: Pod): void {
    if (this.#stopped) return;
    const namespace = pod.metadata.namespace ?? '';
    const wanted = new Map(configObjects(pod).map((object) => [keyOf(object.type, namespace, object.name), object]));
    for (const [key, watched] of this.#watched) if (!wanted.has(key)) this.#release(key, watched, pod.metadata.uid);
    for (const [key, { type, name }] of wanted) {
      const watched = this.#watched.get(key) ?? this.#begin(key, type, namespace, name);
      watched.pods.add(pod.metadata.uid);
    }
  }

  removePod(podUid: PodUid): void {
    for (const [key, watched] of this.#watched) this.#release(key, watched, podUid);
  }

  #release(key: string, watched: Watched, podUid: PodUid): void {
    if (!watched.pods.delete(podUid) || watched.pods.size > 0) return;
    this.#watched.delete(key);
    this.#backoff.forget(key);
    watched.stop.abort();
  }

  #begin(key: string, type: ResourceType<ConfigObject>, namespace: string, name: string): Watched {
    const stop = new AbortController();
    const watched: Watched = { type, namespace, name, pods: new Set(), stop, seenVersion: undefined };
    this.#watched.set(key, watched);
    const running = this.#follow(key, watched).catch(() => {
      // Aborted: nobody uses the object any more, or the agent stops.
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
    return watched;
  }

  async #follow(key: string, watched: Watched): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = watched.stop;
    while (!signal.aborted) {
      let delayMs = renewMs;
      try {
        if (await this.#watchOnce(watched)) return;
        this.#backoff.forget(key);
      } catch (thrown) {
        delayMs = this.#backoff.next(key);
        if (!signal.aborted) logger.debug('watch of a volume source failed', { object: key, error: messageOf(thrown) });
      }
      await clock.sleep(delayMs, signal);
    }
  }

  /** Answers whether the object can never change again. */
  async #watchOnce(watched: Watched): Promise<boolean> {
    const { type, namespace, name, stop } = watched;
    await using stream = await this.#options.client.watch(type, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      signal: stop.signal,
    });
    for await (const { type: event, object } of stream) {
      if (event === 'ERROR' || event === 'BOOKMARK') continue;
      const version = event === 'DELETED' ? 'deleted' : object.metadata.resourceVersion;
      if (version === watched.seenVersion) continue;
      watched.seenVersion = version;
      for (const podUid of [...watched.pods]) this.#options.changed(podUid);
      if (event !== 'DELETED' && object.immutable === true) return true;
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const { stop } of this.#watched.values()) stop.abort();
    await Promise.all(this.#running);
  }
}

interface ConfigObjectReference {
  readonly type: ResourceType<ConfigObject>;
  readonly name: string;
}

/** The ConfigMaps and Secrets whose content the pod's volumes show. */
export function configObjects(pod: Pod): readonly ConfigObjectReference[] {
  return (pod.spec.volumes ?? []).flatMap(sourcesOf).filter(({ name }) => name !== '');
}

function sourcesOf(volume: Volume): readonly ConfigObjectReference[] {
  const found: ConfigObjectReference[] = [];
  if (volume.configMap) found.push({ type: configMaps, name: volume.configMap.name ?? '' });
  if (volume.secret) found.push({ type: secrets, name: volume.secret.secretName ?? '' });
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap) found.push({ type: configMaps, name: source.configMap.name ?? '' });
    if (source.secret) found.push({ type: secrets, name: source.secret.name ?? '' });
  }
  return found;
}

function keyOf(type: ResourceType, namespace: string, name: string): string {
  return `${type.plural}/${namespace}/${name}`;
}
