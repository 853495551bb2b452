/** The shim's end of the descriptor over which a starting container tells how far it is. */
import type { Duplex } from 'node:stream';
import { ContainerRuntimeError } from '../runtime.ts';

/** Steps in the order in which they come. `missing` and `denied` stand in for `exec`. */
export type SetupStep = 'pid' | 'built' | 'exec' | 'missing' | 'denied';
const steps: readonly string[] = ['pid', 'built', 'exec', 'missing', 'denied'];

export interface SetupReport {
  readonly step: SetupStep;
  readonly argument: string;
}

/** What a broken setup may say before the rest is dropped. */
const errorLimitCharacters = 4096;

/** Reads reports one by one. Everything else that comes is the text of errors. */
export class ControlChannel {
  readonly #stream: Duplex;
  readonly #reports: SetupReport[] = [];
  #waiting: PromiseWithResolvers<SetupReport> | undefined;
  #ended = false;
  #errors = '';
  #rest = '';

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#add(text));
    // A reset is the other side's death, which `close` tells as well.
    stream.on('error', () => {});
    stream.on('close', () => this.#end());
    stream.on('end', () => this.#end());
  }

  get errors(): string {
    return this.#errors.trim();
  }

  /** Rejects with `CreateFailed` when the setup ended instead. */
  async next(): Promise<SetupReport> {
    const report = this.#reports.shift();
    if (report) return report;
    if (this.#ended) throw this.#failure();
    this.#waiting = Promise.withResolvers();
    return await this.#waiting.promise;
  }

  send(text: string): void {
    this.#stream.write(text);
  }

  close(): void {
    this.#stream.destroy();
  }

  #add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const [word = '', argument = ''] = line.split(' ');
    if (steps.includes(word)) {
      const report = { step: word as SetupStep, argument };
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting.resolve(report);
      else this.#reports.push(report);
    } else if (this.#errors.length < errorLimitCharacters) this.#errors += `${line}\n`;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting?.reject(this.#failure());
    this.#waiting = undefined;
  }

  #failure(): ContainerRuntimeError {
    const detail = this.#errors.trim() || 'its setup ended early';
    return new ContainerRuntimeError('CreateFailed', `the container's root could not be built: ${detail}`);
  }
}
