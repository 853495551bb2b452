/** Who sent an HTTP request: a client certificate, a bearer token, or nobody in particular. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ApiStatusError, type Identity } from '../../api/index.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

/** A token that is good as long as the server runs, for clients that can do nothing else. */
export interface StaticToken {
  readonly token: string;
  readonly identity: Identity;
}

export interface AuthenticatorOptions {
  readonly tokens: ServiceAccountTokens;
  readonly staticTokens: readonly StaticToken[];
}

const anonymous: Identity = { user: 'system:anonymous', groups: ['system:unauthenticated'] };

interface HashedToken {
  readonly hash: Buffer;
  readonly identity: Identity;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export class Authenticator {
  readonly #tokens: ServiceAccountTokens;
  readonly #staticTokens: readonly HashedToken[];
  /** A certificate is the same for all requests of a connection. */
  readonly #bySocket = new WeakMap<object, Identity | undefined>();

  constructor({ tokens, staticTokens }: AuthenticatorOptions) {
    this.#tokens = tokens;
    this.#staticTokens = staticTokens.map(({ token, identity }) => ({ hash: hashOf(token), identity }));
  }

  /** Throws Unauthorized for a token that is not valid. Headers that claim an identity count for nothing. */
  authenticate(request: IncomingMessage): Identity | Promise<Identity> {
    const certified = this.#certified(request.socket);
    if (certified) return certified;
    const header = request.headers.authorization;
    if (header === undefined) return anonymous;
    const [scheme, token] = header.split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token) throw unauthorized();
    return this.#bearer(token);
  }

  #certified(socket: IncomingMessage['socket']): Identity | undefined {
    if (this.#bySocket.has(socket)) return this.#bySocket.get(socket);
    const identity = socket instanceof TLSSocket && socket.authorized ? identityOf(socket) : undefined;
    this.#bySocket.set(socket, identity);
    return identity;
  }

  async #bearer(token: string): Promise<Identity> {
    const hash = hashOf(token);
    // Every one is compared, so that the time taken tells nothing.
    const known = this.#staticTokens.filter((candidate) => timingSafeEqual(candidate.hash, hash));
    const identity = known[0]?.identity ?? (await this.#tokens.authenticate(token));
    if (!identity) throw unauthorized();
    return identity;
  }
}

function identityOf(socket: TLSSocket): Identity | undefined {
  const { CN, O } = socket.getPeerCertificate().subject ?? {};
  const user: string | readonly string[] | undefined = CN;
  const name = Array.isArray(user) ? user[0] : user;
  if (!name) return undefined;
  const groups: readonly string[] = Array.isArray(O) ? O : O ? [O] : [];
  return { user: name, groups: [...groups, 'system:authenticated'] };
}

export function unauthorized(): ApiStatusError {
  return ApiStatusError.of('Unauthorized', 'Unauthorized');
}
