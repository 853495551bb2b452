/**
 * A client for each controller that acts as a service account of its own in kube-system, with that account's rights
 * only (`--use-service-account-credentials`). Upstream: controller-manager clientbuilder/client_builder_dynamic.go.
 */
import { isNotFound, serviceAccounts } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { type Client, createClient, createHttpTransport, type ServerConnection } from '../../client/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';

export interface AccountClientOptions {
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  readonly rateLimit: { readonly qps: number; readonly burst: number } | undefined;
  /** Makes the accounts and asks for their tokens. */
  readonly root: Client;
}

interface TokenRequestAnswer {
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
}

interface KnownToken {
  readonly token: string;
  readonly renewAtMs: number;
}

const namespace = 'kube-system';
const lifetimeSeconds = 3600;
/** A token is renewed when this share of its life is over. */
const renewAfterShare = 0.8;

/** The tokens of one account: asked for when needed, one question at a time. */
class AccountToken {
  readonly #options: AccountClientOptions;
  readonly #account: string;
  #known: KnownToken | undefined;
  #asking: Promise<KnownToken> | undefined;

  constructor(options: AccountClientOptions, account: string) {
    this.#options = options;
    this.#account = account;
  }

  async get(): Promise<string> {
    if (this.#known && this.#options.clock.now() < this.#known.renewAtMs) return this.#known.token;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    this.#known = await this.#asking;
    return this.#known.token;
  }

  /** The server does not believe it any more: the account was made anew, or the key that signs was. */
  forget(): void {
    this.#known = undefined;
  }

  async #ask(): Promise<KnownToken> {
    try {
      return await this.#request();
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      await this.#options.root.create(serviceAccounts, { metadata: { namespace, name: this.#account } });
      return await this.#request();
    }
  }

  async #request(): Promise<KnownToken> {
    const { root, clock } = this.#options;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { expirationSeconds: lifetimeSeconds },
    };
    const key = { namespace, name: this.#account };
    const { status = {} } = await root.createSubresource<TokenRequestAnswer>(serviceAccounts, key, 'token', body);
    const nowMs = clock.now();
    const expiresMs = Date.parse(status.expirationTimestamp ?? '') || nowMs + lifetimeSeconds * 1000;
    return { token: status.token ?? '', renewAtMs: nowMs + (expiresMs - nowMs) * renewAfterShare };
  }
}

export class AccountClients implements AsyncDisposable {
  readonly #options: AccountClientOptions;
  readonly #stack = new AsyncDisposableStack();

  constructor(options: AccountClientOptions) {
    this.#options = options;
  }

  client(component: string, account: string): Client {
    const { clock, metrics, rateLimit, connection } = this.#options;
    // The server is the same; who we are there is not.
    const { server, caData, serverName, insecureSkipTlsVerify, proxy } = connection;
    const token = new AccountToken(this.#options, account);
    const transport = createHttpTransport({
      server,
      ...(caData === undefined ? {} : { caData }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(insecureSkipTlsVerify === undefined ? {} : { insecureSkipTlsVerify }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(rateLimit ? { rateLimit } : {}),
      token: () => token.get(),
      forgetToken: () => token.forget(),
      clock,
      metrics,
      userAgent: `stowage-kube-controller-manager/${account}`,
    });
    return createClient({ transport: this.#stack.use(transport), fieldManager: component });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
