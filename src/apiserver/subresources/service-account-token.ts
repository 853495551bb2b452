/** POST of a TokenRequest: a token for a service account. Upstream: registry/core/serviceaccount/storage/token.go. */
import {
  ApiStatusError,
  decodeStruct,
  type FieldError,
  invalid,
  nodes,
  pods,
  type ResourceType,
  type ServiceAccount,
  secrets,
} from '../../api/index.ts';
import type { BoundObject, ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { tokenIssuer } from '../auth/service-account-tokens.ts';
import { conflict } from '../pipeline/commit.ts';
import type { SubresourceHandler, WriteCall } from '../pipeline/context.ts';
import { getObject } from '../pipeline/read.ts';
import { keyFor } from '../registry/registry.ts';

interface TokenRequestBody {
  readonly spec?: {
    readonly audiences?: readonly string[];
    readonly expirationSeconds?: number;
    readonly boundObjectRef?: {
      readonly apiVersion?: string;
      readonly kind?: string;
      readonly name?: string;
      readonly uid?: string;
    };
  };
}

const defaultExpirationSeconds = 3_600;
const shortestSeconds = 600;
const longestSeconds = 2 ** 32;
const tokenRequestKind = { kind: 'TokenRequest', version: 'v1' };
const bindable: Readonly<Record<string, ResourceType>> = { Pod: pods, Secret: secrets, Node: nodes };

export function serviceAccountTokenHandler(tokens: ServiceAccountTokens): SubresourceHandler {
  return {
    kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    async create(call, name, body) {
      const { object } = decodeStruct<TokenRequestBody>('authentication.v1.TokenRequest', tokenRequestKind, body);
      const { namespace } = call;
      const account = (await getObject(call.server, call.resource, { namespace, name })) as ServiceAccount;
      const expirationSeconds = object.spec?.expirationSeconds ?? defaultExpirationSeconds;
      checkExpiration(name, expirationSeconds);
      const bound = await boundObject(call, object);
      const audiences = object.spec?.audiences?.length ? object.spec.audiences : [tokenIssuer];
      const subject = { namespace: namespace ?? '', name, uid: account.metadata.uid };
      const { token, expiresAtMs } = tokens.issue({ subject, bound, audiences, expirationSeconds });
      const expirationTimestamp = `${new Date(expiresAtMs).toISOString().slice(0, 19)}Z`;
      return {
        object: {
          kind: 'TokenRequest',
          apiVersion: 'authentication.k8s.io/v1',
          metadata: { name, namespace, creationTimestamp: call.context.now },
          spec: { ...object.spec, audiences, expirationSeconds },
          status: { token, expirationTimestamp },
        },
        created: true,
      };
    },
  };
}

function checkExpiration(name: string, seconds: number): void {
  const errors: FieldError[] = [];
  const field = 'spec.expirationSeconds';
  if (seconds < shortestSeconds) {
    errors.push({
      kind: 'Invalid',
      field,
      message: `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
    });
  }
  if (seconds > longestSeconds) {
    errors.push({
      kind: 'Invalid',
      field,
      message: `Invalid value: ${seconds}: may not specify a duration larger than 2^32 seconds`,
    });
  }
  if (errors.length > 0) throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, errors);
}

/** The object that the token lives and dies with. It must exist, and be the one that is meant. */
async function boundObject(call: WriteCall, { spec }: TokenRequestBody): Promise<BoundObject | undefined> {
  const reference = spec?.boundObjectRef;
  if (!reference) return undefined;
  const { kind = '', name = '', uid } = reference;
  const type = Object.hasOwn(bindable, kind) ? bindable[kind] : undefined;
  const resource = type && call.server.registry.find(type);
  if (!resource) throw ApiStatusError.of('BadRequest', `cannot bind token to object of type ${kind}`);
  const stored = await call.server.store.get(keyFor(resource, call.namespace, name));
  if (!stored) throw ApiStatusError.notFound(resource.type, name);
  const actual = stored.object.metadata.uid;
  if (uid && uid !== actual) {
    const detail = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict(resource, name, detail);
  }
  return { kind, name, uid: actual };
}
