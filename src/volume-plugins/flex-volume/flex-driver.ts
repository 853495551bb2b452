/**
 * One FlexVolume driver: an executable that is run for each call and answers with JSON. Owned by the directory it was
 * found in. A call always ends: by its deadline the driver's whole process group is killed. Nothing of a secret gets
 * into a message. Upstream: pkg/volume/flexvolume/driver-call.go, whose calls have no deadline but for waitforattach.
 */
import { type Exec, ExecError, isAbort, messageOf, TimeoutError } from '../../base/index.ts';
import { finalError, uncertainError, VolumeError } from '../errors.ts';
import { type DriverCapabilities, type DriverStatus, defaultCapabilities, parseDriverStatus } from './driver-status.ts';

export type DriverCommand =
  | 'init'
  | 'getvolumename'
  | 'attach'
  | 'detach'
  | 'waitforattach'
  | 'isattached'
  | 'mountdevice'
  | 'unmountdevice'
  | 'mount'
  | 'unmount'
  | 'expandvolume'
  | 'expandfs';

const callTimeoutMs = 120_000;
/** Disks appear late, and making or growing a file system takes its time. Upstream waits as long for a device. */
const slowCallTimeoutMs = 600_000;
const slowCommands: ReadonlySet<DriverCommand> = new Set(['waitforattach', 'mountdevice', 'mount', 'expandfs']);

/** Processes of one driver at a time: a thousand pods that come at once must not be a thousand processes. */
const maxCalls = 64;

const outputLimitBytes = 1024 * 1024;
/** Of what a driver says, in characters: messages become events. */
const messageLimit = 4096;
/** Shorter secrets would blot out ordinary words. */
const shortestSecret = 4;

export interface DriverCall {
  readonly command: DriverCommand;
  readonly args?: readonly string[];
  /** Values that no message may show. */
  readonly secrets?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export class FlexDriver {
  /** `vendor/driver`, or `driver`. */
  readonly name: string;
  readonly #executable: string;
  readonly #exec: Exec;
  readonly #unsupported = new Set<DriverCommand>();
  /** Calls that wait for one of those that run. */
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #capabilities: DriverCapabilities = defaultCapabilities;

  constructor(options: { readonly name: string; readonly executable: string; readonly exec: Exec }) {
    this.name = options.name;
    this.#executable = options.executable;
    this.#exec = options.exec;
  }

  get capabilities(): DriverCapabilities {
    return this.#capabilities;
  }

  /** Must succeed before any other call. */
  async init(signal: AbortSignal): Promise<void> {
    const answer = await this.call({ command: 'init', signal });
    if (answer === 'notSupported') throw finalError('Not supported');
    this.#capabilities = answer.capabilities;
  }

  /**
   * Rejects with a VolumeError: `final` when the driver said it failed, `uncertain` when it did not come to say
   * anything sensible. A command that the driver does not know is asked for once only.
   */
  async call(call: DriverCall): Promise<DriverStatus | 'notSupported'> {
    if (this.#unsupported.has(call.command)) return 'notSupported';
    await this.#enter();
    try {
      return await this.#run(call);
    } catch (thrown) {
      if (isAbort(thrown)) throw thrown;
      const kind = thrown instanceof VolumeError ? thrown.kind : 'uncertain';
      throw new VolumeError(kind, withoutSecrets(messageOf(thrown), call.secrets ?? []).slice(0, messageLimit));
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < maxCalls) {
      this.#running++;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  /** Hands its place on to the call that has waited longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }

  async #run({ command, args = [], signal }: DriverCall): Promise<DriverStatus | 'notSupported'> {
    const timeoutMs = slowCommands.has(command) ? slowCallTimeoutMs : callTimeoutMs;
    const options = { timeoutMs, signal, outputLimitBytes, mergeOutput: true };
    const failed = (thrown: unknown) => {
      if (thrown instanceof ExecError) return thrown;
      throw thrown;
    };
    const result = await this.#exec.run(this.#executable, [command, ...args], options).catch(failed);
    if (!(result instanceof ExecError)) return this.#judge(command, parseDriverStatus(result.stdout));
    if (result.cause instanceof TimeoutError) {
      throw uncertainError(`timeout: ${command} did not end within ${timeoutMs / 1000} s and was killed`);
    }
    return this.#judgeFailed(command, result);
  }

  /** The exit status counts only where the answer does not tell of a failure: that is a bug of the driver. */
  #judgeFailed(command: DriverCommand, failure: ExecError): 'notSupported' {
    let status: DriverStatus;
    try {
      status = parseDriverStatus(failure.stdout);
    } catch (thrown) {
      throw uncertainError(`${messageOf(thrown)} (${describe(failure)})`);
    }
    if (this.#judge(command, status) === 'notSupported') return 'notSupported';
    throw uncertainError(describe(failure));
  }

  #judge(command: DriverCommand, status: DriverStatus): DriverStatus | 'notSupported' {
    if (status.status === 'Success') return status;
    if (status.status === 'Not supported') {
      this.#unsupported.add(command);
      return 'notSupported';
    }
    throw finalError(`${command} command failed, status: ${status.status}, reason: ${status.message}`);
  }
}

function describe({ exitCode, killedBy, message }: ExecError): string {
  if (killedBy) return `signal: ${killedBy}`;
  // The text of the error holds what the driver wrote.
  return exitCode === undefined ? message : `exit status ${exitCode}`;
}

function withoutSecrets(message: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(secret, 'base64').toString()]);
  return forms
    .filter((form) => form.length >= shortestSecret)
    .reduce((text, form) => text.replaceAll(form, '***'), message);
}
