/**
 * Asks the API server who a client is and what it may see, as upstream's components do: a token by TokenReview, a path
 * by SubjectAccessReview. Answers are kept for a short while.
 */
import type { ResourceType } from '../../api/index.ts';
import { type Clock, messageOf } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';

export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
}

export const anonymous: Caller = { user: 'system:anonymous', groups: ['system:unauthenticated'] };

export interface DelegatedAuthOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Asks who a token belongs to; undefined: tokens are nobody's. */
  readonly authentication: Client | undefined;
  readonly authorization: Client;
}

const superGroup = 'system:masters';
const rememberedMs = 10_000;
const maxRemembered = 1_000;

interface TokenReviewAnswer {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username?: string; readonly groups?: readonly string[] };
  };
}

interface AccessReviewAnswer {
  readonly status?: { readonly allowed?: boolean };
}

function question(group: string, kind: string): ResourceType {
  const singular = kind.toLowerCase();
  const names = { kind, plural: `${singular}s`, singular };
  return { group, version: 'v1', ...names, namespaced: false, shortNames: [], categories: [], subresources: [] };
}

const tokenReviews = question('authentication.k8s.io', 'TokenReview');
const subjectAccessReviews = question('authorization.k8s.io', 'SubjectAccessReview');

/** Nobody could be asked: the request is not refused for what it is. */
export class AuthUnavailableError extends Error {
  override readonly name = 'AuthUnavailableError';
}

export class DelegatedAuth {
  readonly #options: DelegatedAuthOptions;
  readonly #remembered = new Map<string, { readonly answer: Promise<unknown>; readonly untilMs: number }>();

  constructor(options: DelegatedAuthOptions) {
    this.#options = options;
  }

  /** undefined for a token that is not valid. */
  async callerOfToken(token: string): Promise<Caller | undefined> {
    const { authentication } = this.#options;
    if (!authentication) return undefined;
    const { status } = await this.#remember(`token ${token}`, () =>
      ask<TokenReviewAnswer>(authentication, tokenReviews, { token }),
    );
    if (!status?.authenticated) return undefined;
    const { username = '', groups = [] } = status.user ?? {};
    return {
      user: username,
      groups: groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'],
    };
  }

  async mayGet({ user, groups }: Caller, path: string): Promise<boolean> {
    if (groups.includes(superGroup)) return true;
    const spec = { user, groups, nonResourceAttributes: { path, verb: 'get' } };
    const { status } = await this.#remember(`access ${JSON.stringify(spec)}`, () =>
      ask<AccessReviewAnswer>(this.#options.authorization, subjectAccessReviews, spec),
    );
    return status?.allowed === true;
  }

  async #remember<T>(key: string, call: () => Promise<T>): Promise<T> {
    const nowMs = this.#options.clock.monotonic();
    const known = this.#remembered.get(key);
    // The key names the question, so the answer under it is one of T.
    if (known && known.untilMs > nowMs) return (await known.answer) as T;
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    const answer = call();
    this.#remembered.set(key, { answer, untilMs: nowMs + rememberedMs });
    answer.catch(() => this.#remembered.delete(key));
    return await answer;
  }
}

async function ask<T>(client: Client, type: ResourceType, spec: object): Promise<T> {
  try {
    return (await client.create(type, { metadata: { name: '' }, spec } as never)) as T;
  } catch (cause) {
    throw new AuthUnavailableError(`${type.kind} failed: ${messageOf(cause)}`, { cause });
  }
}
