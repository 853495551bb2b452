import type { KubernetesObject, WatchEvent, WatchStream } from '../../api/index.ts';
import type { Watcher } from './watcher.ts';

/** A watch for a reader in this process: hands out the frozen objects of the store. */
export class LocalWatchStream implements WatchStream {
  readonly #watcher: Watcher;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
    watcher.onReadable = () => {
      this.#waiting?.resolve();
      this.#waiting = undefined;
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent<KubernetesObject>, void, void> {
    try {
      for (;;) {
        const frames = this.#watcher.take();
        for (const frame of frames) yield frame;
        if (frames.length > 0) continue;
        if (this.#watcher.ended) return;
        this.#waiting = Promise.withResolvers<void>();
        await this.#waiting.promise;
      }
    } finally {
      this.#watcher[Symbol.dispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher[Symbol.dispose]();
    this.#waiting?.resolve();
  }
}
