import { ApiStatusError, type Pod, serviceAccounts } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import type { ServiceAccountToken, ServiceAccountTokenRequest } from '../../volume-plugins/index.ts';

/** A token is replaced when this share of its life is over, or after a day. */
const renewAtShareOfLife = 0.8;
const renewAfterMs = 24 * 60 * 60_000;
const requestTimeoutMs = 10_000;

interface CachedToken {
  readonly token: ServiceAccountToken;
  readonly podUid: string;
  readonly renewAtMs: number;
}

/** Tokens for pods of this node, asked for once and renewed in time. Upstream: pkg/kubelet/token. */
export class ServiceAccountTokens {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, CachedToken>();

  constructor(options: { readonly client: Client; readonly clock: Clock }) {
    this.#client = options.client;
    this.#clock = options.clock;
  }

  async get(request: ServiceAccountTokenRequest): Promise<ServiceAccountToken> {
    const key = keyOf(request);
    const cached = this.#tokens.get(key);
    if (cached && this.#clock.now() < cached.renewAtMs) return cached.token;
    try {
      const token = await this.#request(request);
      const nowMs = this.#clock.now();
      const lifeMs = Date.parse(token.expirationTimestamp) - nowMs;
      const renewAtMs = nowMs + Math.min(lifeMs * renewAtShareOfLife, renewAfterMs);
      this.#tokens.set(key, { token, podUid: request.pod.metadata.uid, renewAtMs });
      return token;
    } catch (thrown) {
      // An old token that still holds is better than none.
      if (cached && this.#clock.now() < Date.parse(cached.token.expirationTimestamp)) return cached.token;
      throw thrown;
    }
  }

  forgetPod(podUid: string): void {
    for (const [key, cached] of this.#tokens) if (cached.podUid === podUid) this.#tokens.delete(key);
  }

  async #request(request: ServiceAccountTokenRequest): Promise<ServiceAccountToken> {
    const { namespace, serviceAccountName: name, audiences, expirationSeconds, pod } = request;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { audiences, expirationSeconds, boundObjectRef: podReference(pod) },
    };
    const signal = new AbortController();
    using timer = this.#clock.setTimer(requestTimeoutMs, () => signal.abort());
    void timer;
    const answer = await this.#client.createSubresource<{ status?: Partial<ServiceAccountToken> }>(
      serviceAccounts,
      { namespace, name },
      'token',
      body,
      { signal: signal.signal },
    );
    const { token, expirationTimestamp } = answer.status ?? {};
    if (!token || !expirationTimestamp)
      throw ApiStatusError.of('InternalError', 'a TokenRequest was answered without a token');
    return { token, expirationTimestamp };
  }
}

function podReference(pod: Pod) {
  return { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid };
}

function keyOf({
  namespace,
  serviceAccountName,
  audiences,
  expirationSeconds,
  pod,
}: ServiceAccountTokenRequest): string {
  return JSON.stringify([namespace, serviceAccountName, audiences, expirationSeconds ?? 0, pod.metadata.uid]);
}
