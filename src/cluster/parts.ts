/** The parts of a running cluster. They stop in the opposite order of their start; one that hangs is named and left. */
import { type Clock, type Logger, messageOf, withDeadline } from '../base/index.ts';

/** Every part has limits of its own for what it waits for; this one is for mistakes. */
const partTimeoutMs = 10_000;

export class Parts implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #parts: { readonly name: string; readonly timeoutMs: number; readonly part: AsyncDisposable }[] = [];

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  add<T extends AsyncDisposable>(name: string, part: T, timeoutMs = partTimeoutMs): T {
    this.#parts.push({ name, timeoutMs, part });
    return part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let next = this.#parts.pop(); next; next = this.#parts.pop()) {
      const { name, timeoutMs, part } = next;
      const startMs = this.#clock.monotonic();
      try {
        const options = { clock: this.#clock, timeoutMs, what: `stop of ${name}` };
        await withDeadline(options, async () => part[Symbol.asyncDispose]());
      } catch (thrown) {
        this.#logger.error('a part did not stop', { part: name, error: messageOf(thrown) });
      }
      this.#logger.debug('stopped', { part: name, tookMs: Math.round(this.#clock.monotonic() - startMs) });
    }
  }
}
