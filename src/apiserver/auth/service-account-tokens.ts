/**
 * The tokens of service accounts: JSON Web Tokens, signed with ES256. A token is good until it expires, and only as
 * long as the account and the object it is bound to live.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Identity, nodes, pods, type ResourceType, secrets, serviceAccounts } from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';
import { isJsonObject } from '../patch/own-property.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export interface BoundObject {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface TokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface TokenRequestInput {
  readonly subject: TokenSubject;
  readonly bound?: BoundObject | undefined;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

export interface TokenOptions {
  readonly key: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly reader: ObjectReader;
}

export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';
/** Signatures that were checked, so that a client's every request does not cost a check. */
const verifiedLimit = 1_000;
/** A longer one is none of ours. */
const maxTokenLength = 8 * 1024;

interface NamedUid {
  readonly name: string;
  readonly uid: string;
}

interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly nbf: number;
  readonly sub: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: NamedUid;
    readonly pod?: NamedUid;
    readonly secret?: NamedUid;
    readonly node?: NamedUid;
  };
}

const boundKinds: readonly (readonly ['pod' | 'secret' | 'node', ResourceType])[] = [
  ['pod', pods],
  ['secret', secrets],
  ['node', nodes],
];

export class ServiceAccountTokens {
  readonly #options: TokenOptions;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #keyId: string;
  readonly #verified = new Map<string, Claims>();

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#privateKey = createPrivateKey(options.key);
    this.#publicKey = createPublicKey(this.#privateKey);
    const der = this.#publicKey.export({ format: 'der', type: 'spki' });
    this.#keyId = createHash('sha256').update(der).digest('base64url');
  }

  issue(request: TokenRequestInput): { readonly token: string; readonly expiresAtMs: number } {
    const { clock, random } = this.#options;
    const { subject, bound, audiences, expirationSeconds } = request;
    const nowSeconds = Math.floor(clock.now() / 1000);
    const exp = nowSeconds + expirationSeconds;
    const claims: Claims = {
      aud: audiences,
      exp,
      iat: nowSeconds,
      iss: tokenIssuer,
      jti: random.uuid(),
      'kubernetes.io': {
        namespace: subject.namespace,
        ...(bound ? { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } } : {}),
        serviceaccount: { name: subject.name, uid: subject.uid },
      },
      nbf: nowSeconds,
      sub: `system:serviceaccount:${subject.namespace}:${subject.name}`,
    };
    const head = encoded({ alg: 'ES256', kid: this.#keyId });
    const signed = `${head}.${encoded(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return { token: `${signed}.${signature.toString('base64url')}`, expiresAtMs: exp * 1000 };
  }

  /** Who bears the token; undefined when it is not valid for any of the audiences. */
  async authenticate(token: string, audiences: readonly string[] = [tokenIssuer]): Promise<Identity | undefined> {
    const claims = this.#claimsOf(token);
    const nowSeconds = this.#options.clock.now() / 1000;
    if (!claims || claims.exp <= nowSeconds || claims.nbf > nowSeconds + 1) return undefined;
    if (!claims.aud.some((audience) => audiences.includes(audience))) return undefined;
    const { namespace, serviceaccount } = claims['kubernetes.io'];
    if (!(await this.#isAlive(claims))) return undefined;
    return {
      user: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: extraOf(claims),
    };
  }

  async #isAlive(claims: Claims): Promise<boolean> {
    const { reader } = this.#options;
    const kubernetes = claims['kubernetes.io'];
    const { namespace, serviceaccount } = kubernetes;
    const account = await reader.get(serviceAccounts, serviceaccount.name, namespace);
    if (account?.metadata.uid !== serviceaccount.uid) return false;
    for (const [kind, type] of boundKinds) {
      const bound = kubernetes[kind];
      if (!bound) continue;
      const object = await reader.get(type, bound.name, namespace);
      if (object?.metadata.uid !== bound.uid) return false;
    }
    return true;
  }

  /** The claims of a token that this server signed. */
  #claimsOf(token: string): Claims | undefined {
    const known = this.#verified.get(token);
    if (known) return known;
    const [head = '', body = '', signature = '', ...rest] = token.split('.');
    if (token.length > maxTokenLength || rest.length > 0 || signature === '') return undefined;
    const header = decoded(head);
    if (header?.alg !== 'ES256') return undefined;
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' as const };
    if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = decoded(body) as Claims | undefined;
    if (!claims || claims.iss !== tokenIssuer || !Array.isArray(claims.aud)) return undefined;
    if (this.#verified.size >= verifiedLimit) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(token, claims);
    return claims;
  }
}

/** What admission and audits may want to know of a token. Upstream: apiserver authentication/serviceaccount/util.go. */
function extraOf({ jti, 'kubernetes.io': { pod, node } }: Claims): Readonly<Record<string, readonly string[]>> {
  const prefix = 'authentication.kubernetes.io/';
  const named = (kind: string, object: NamedUid | undefined) =>
    object ? { [`${prefix}${kind}-name`]: [object.name], [`${prefix}${kind}-uid`]: [object.uid] } : {};
  return { [`${prefix}credential-id`]: [`JTI=${jti}`], ...named('pod', pod), ...named('node', node) };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decoded(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Not a token at all.
    return undefined;
  }
}
