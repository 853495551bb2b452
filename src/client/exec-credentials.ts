/**
 * Credentials that a program prints: the `exec` of a kubeconfig's user, as managed clusters use it. The program is
 * asked again when what it printed expires or is not believed.
 * Upstream: client-go plugin/pkg/client/auth/exec.
 */
import { resolve } from 'node:path';
import { type Clock, type Exec, messageOf, UsageError } from '../base/index.ts';
import { TransportError } from './http-status.ts';
import type { ServerConnection } from './http-transport.ts';

export interface ExecCredentialOptions {
  readonly exec: Exec;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The fields of `exec`. */
  readonly plugin: Readonly<Record<string, unknown>>;
  /** Where it stands, for errors. */
  readonly what: string;
  /** Of the kubeconfig: a command with a slash is relative to it. */
  readonly directory: string;
}

interface Credential {
  readonly token: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** The program may talk to the network, not to a person. */
const runTimeoutMs = 60_000;
const versions = new Set(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']);

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

class CredentialProgram {
  readonly #options: ExecCredentialOptions;
  readonly #command: string;
  readonly #apiVersion: string;
  #known: Credential | undefined;
  #running: Promise<Credential> | undefined;

  constructor(options: ExecCredentialOptions) {
    this.#options = options;
    const { plugin, what, directory } = options;
    const { command, apiVersion } = plugin;
    if (typeof command !== 'string' || command === '') throw new UsageError(`${what} has no command`);
    if (typeof apiVersion !== 'string' || !versions.has(apiVersion))
      throw new UsageError(`${what}: apiVersion must be ${[...versions].join(' or ')}`);
    this.#apiVersion = apiVersion;
    this.#command = command.includes('/') ? resolve(directory, command) : command;
  }

  async get(): Promise<Credential> {
    if (this.#known && this.#options.clock.now() < this.#known.expiresMs) return this.#known;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    this.#known = await this.#running;
    return this.#known;
  }

  forget(): void {
    this.#known = undefined;
  }

  async #run(): Promise<Credential> {
    const { exec, plugin, what } = this.#options;
    try {
      const options = { timeoutMs: runTimeoutMs, env: this.#environment() };
      const { stdout } = await exec.run(this.#command, texts(plugin.args), options);
      return credentialOf(stdout);
    } catch (cause) {
      // What the program printed may be a secret; what it complained about is not.
      throw new TransportError(`${what}: ${this.#command} gave no credential: ${messageOf(cause)}`, { cause });
    }
  }

  #environment(): Record<string, string> {
    const { env, plugin } = this.#options;
    const inherited = Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const own = (Array.isArray(plugin.env) ? plugin.env : []).flatMap((entry: unknown) => {
      const { name, value } = entry as { name?: unknown; value?: unknown };
      return typeof name === 'string' && typeof value === 'string' ? [[name, value] as const] : [];
    });
    const info = { apiVersion: this.#apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
    return { ...Object.fromEntries([...inherited, ...own]), KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  }
}

interface Printed {
  readonly kind?: string;
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

function parsed(printed: string): Printed {
  try {
    return JSON.parse(printed) as Printed;
  } catch {
    // The parser's complaint quotes the text, which may hold a secret.
    throw new UsageError('it printed no JSON');
  }
}

function credentialOf(printed: string): Credential {
  const { kind, status = {} } = parsed(printed);
  const { token, clientCertificateData: certificate, clientKeyData: key } = status;
  if (kind !== 'ExecCredential' || (!token && !certificate)) throw new UsageError('it is no ExecCredential');
  const expiresMs = Date.parse(status.expirationTimestamp ?? '');
  return { token, certificate, key, expiresMs: Number.isNaN(expiresMs) ? Number.POSITIVE_INFINITY : expiresMs };
}

/** Runs the program once, so that a mistake is told at the start. A certificate serves as long as this process. */
export async function execCredentials(
  options: ExecCredentialOptions,
): Promise<Pick<ServerConnection, 'clientCertificate' | 'clientKey' | 'token' | 'forgetToken'>> {
  const program = new CredentialProgram(options);
  const first = await program.get();
  return {
    ...(first.certificate === undefined ? {} : { clientCertificate: first.certificate }),
    ...(first.key === undefined ? {} : { clientKey: first.key }),
    ...(first.token === undefined ? {} : { token: async () => (await program.get()).token ?? '' }),
    forgetToken: () => program.forget(),
  };
}
