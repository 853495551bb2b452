/** Makes informers, one per kind and options, runs their reflectors and ends them all when it is disposed. */
import { apiVersionOf, groupResourceOf, type KubernetesObject, type ResourceType } from '../api/index.ts';
import { abortError, type Clock, type Logger, onAbort, type Random } from '../base/index.ts';
import type { Client } from './client.ts';
import type { Informer, InformerFactory, InformerOptions } from './informer.ts';
import { Reflector } from './reflector.ts';
import { SharedInformer } from './shared-informer.ts';

export interface InformerFactoryOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Spreads the ends of watches over time; without it every watch lasts as long as the others. */
  readonly random?: Random;
}

interface Entry {
  readonly synced: Promise<void>;
  start(signal: AbortSignal): Promise<void>;
  running: Promise<void> | undefined;
}

export function createInformerFactory(options: InformerFactoryOptions): InformerFactory {
  const stop = new AbortController();
  const informers = new Map<string, { informer: unknown; entry: Entry }>();

  function make<T extends KubernetesObject>(type: ResourceType<T>, selection: InformerOptions) {
    const logger = options.logger.with({ resource: groupResourceOf(type) });
    const informer = new SharedInformer<T>(type, logger);
    const entry: Entry = {
      synced: informer.synced,
      start: (signal) => new Reflector<T>({ ...options, logger, type, selection, sink: informer }).run(signal),
      running: undefined,
    };
    return { informer, entry };
  }

  return {
    informer<T extends KubernetesObject>(type: ResourceType<T>, selection: InformerOptions = {}): Informer<T> {
      const { namespace, labelSelector, fieldSelector } = selection;
      const identity = [apiVersionOf(type), type.plural, namespace, labelSelector, fieldSelector].join('|');
      const known = informers.get(identity);
      // The identity names the type, so the informer under it is one of T.
      if (known) return known.informer as Informer<T>;
      const made = make(type, selection);
      informers.set(identity, made);
      return made.informer;
    },

    start() {
      if (stop.signal.aborted) return;
      for (const { entry } of informers.values()) entry.running ??= entry.start(stop.signal);
    },

    async waitForSync(signal) {
      const started = [...informers.values()].map(({ entry }) => entry).filter((entry) => entry.running);
      const { promise: stopped, reject } = Promise.withResolvers<never>();
      stopped.catch(() => {});
      using disposed = onAbort(stop.signal, () => reject(abortError(stop.signal)));
      using cancelled = signal ? onAbort(signal, () => reject(abortError(signal))) : undefined;
      void [disposed, cancelled];
      await Promise.race([Promise.all(started.map((entry) => entry.synced)), stopped]);
    },

    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([...informers.values()].map(({ entry }) => entry.running));
    },
  };
}
