/**
 * One Secret that is to hold a service account's token. The token is asked of the server, bound to the Secret: it ends
 * with it, as those do that upstream signs itself, and no key has to be here.
 */
import { type Secret, type ServiceAccount, secrets, serviceAccounts } from '../../api/index.ts';
import { type Client, done, type Informer, ifFound, type ReconcileResult } from '../../client/index.ts';

export interface TokenContext {
  readonly client: Client;
  /** PEM; '' when it is not known. */
  readonly rootCa: string;
  readonly secrets: Informer<Secret>;
  readonly accounts: Informer<ServiceAccount>;
}

const secretType = 'kubernetes.io/service-account-token';
const annAccountName = 'kubernetes.io/service-account.name';
const annAccountUid = 'kubernetes.io/service-account.uid';
/** The longest that a server grants: such a token is meant to last as long as its Secret. */
const longestSeconds = 2 ** 32;

/** `namespace/name` of the account whose token the Secret is to hold; undefined for other Secrets. */
export function accountKeyOf({ metadata, type }: Secret): string | undefined {
  const name = metadata.annotations?.[annAccountName];
  return type === secretType && name ? `${metadata.namespace}/${name}` : undefined;
}

export type TokenDecision =
  | { readonly kind: 'settled' }
  /** Its account is gone. */
  | { readonly kind: 'remove' }
  | { readonly kind: 'fill'; readonly needsToken: boolean };

export function decideSecret(secret: Secret, account: ServiceAccount | undefined, rootCa: string): TokenDecision {
  const uid = secret.metadata.annotations?.[annAccountUid];
  if (!account || (uid && uid !== account.metadata.uid)) return { kind: 'remove' };
  const { data = {} } = secret;
  const needsToken = !data.token;
  const isComplete = data.namespace && (rootCa === '' || data['ca.crt'] === encoded(rootCa)) && uid;
  return needsToken || !isComplete ? { kind: 'fill', needsToken } : { kind: 'settled' };
}

export async function syncSecret(context: TokenContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const { client, rootCa } = context;
  const secret = context.secrets.get(key);
  const accountKey = secret && accountKeyOf(secret);
  if (!secret || secret.metadata.deletionTimestamp || accountKey === undefined) return done;
  if (decideSecret(secret, context.accounts.get(accountKey), rootCa).kind === 'settled') return done;
  const { namespace, name, uid } = secret.metadata;
  const accountName = secret.metadata.annotations?.[annAccountName] ?? '';
  // The cache may not know the account yet, or know one that was replaced: a Secret goes on the server's word alone.
  const account = await ifFound(client.get(serviceAccounts, { namespace, name: accountName }, { signal }));
  const decision = decideSecret(secret, account, rootCa);
  if (decision.kind === 'remove') {
    await ifFound(client.delete(secrets, { namespace, name }, { preconditions: { uid }, signal }));
  } else if (decision.kind === 'fill' && account) {
    const token = decision.needsToken ? await requestToken(client, { secret, account }, signal) : undefined;
    await client.update(secrets, filled(secret, { account, rootCa, token }), { signal });
  }
  return done;
}

async function requestToken(
  client: Client,
  { secret, account }: { readonly secret: Secret; readonly account: ServiceAccount },
  signal: AbortSignal,
): Promise<string> {
  const { name, uid } = secret.metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name, uid };
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: longestSeconds, boundObjectRef },
  };
  const answer = await client.createSubresource<{ readonly status: { readonly token: string } }>(
    serviceAccounts,
    { namespace: account.metadata.namespace, name: account.metadata.name },
    'token',
    body,
    { signal },
  );
  return answer.status.token;
}

function filled(
  secret: Secret,
  given: { readonly account: ServiceAccount; readonly rootCa: string; readonly token: string | undefined },
): Secret {
  const { account, rootCa, token } = given;
  const { namespace, annotations } = secret.metadata;
  const data = {
    ...secret.data,
    ...(rootCa === '' ? {} : { 'ca.crt': encoded(rootCa) }),
    ...(secret.data?.namespace ? {} : { namespace: encoded(namespace ?? '') }),
    ...(token === undefined ? {} : { token: encoded(token) }),
  };
  const metadata = { ...secret.metadata, annotations: { ...annotations, [annAccountUid]: account.metadata.uid } };
  return { ...secret, metadata, data };
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}
