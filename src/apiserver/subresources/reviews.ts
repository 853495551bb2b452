/** Kinds that are questions: who am I, may I, is this token good. Nothing of them is stored. */
import { type ApiResponse, ApiStatusError, decodeStruct, type Identity, type ResourceType } from '../../api/index.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { RbacAuthorizer } from '../auth/rbac.ts';
import { type ServiceAccountTokens, tokenIssuer } from '../auth/service-account-tokens.ts';
import type { VirtualHandler, WriteCall } from '../pipeline/context.ts';

interface ReviewAttributes {
  readonly resourceAttributes?: {
    readonly group?: string;
    readonly version?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly verb?: string;
  };
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
}

interface AccessSpec extends ReviewAttributes {
  readonly user?: string;
  readonly groups?: readonly string[];
}

function review(group: string, kind: string, plural: string, namespaced = false): ResourceType {
  const singular = kind.toLowerCase();
  return { group, version: 'v1', kind, plural, singular, namespaced, shortNames: [], categories: [], subresources: [] };
}

const authorization = 'authorization.k8s.io';
const authentication = 'authentication.k8s.io';

export const selfSubjectReviews = review(authentication, 'SelfSubjectReview', 'selfsubjectreviews');
export const tokenReviews = review(authentication, 'TokenReview', 'tokenreviews');
export const selfSubjectAccessReviews = review(authorization, 'SelfSubjectAccessReview', 'selfsubjectaccessreviews');
export const subjectAccessReviews = review(authorization, 'SubjectAccessReview', 'subjectaccessreviews');
export const localSubjectAccessReviews = review(
  authorization,
  'LocalSubjectAccessReview',
  'localsubjectaccessreviews',
  true,
);
export const selfSubjectRulesReviews = review(authorization, 'SelfSubjectRulesReview', 'selfsubjectrulesreviews');

export interface ReviewOptions {
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer | undefined;
  readonly tokens: ServiceAccountTokens;
}

export function reviewHandlers({ authorizer, rbac, tokens }: ReviewOptions): ReadonlyMap<ResourceType, VirtualHandler> {
  const access = (type: ResourceType, isSelf: boolean): VirtualHandler => ({
    async create(call, body) {
      const { spec } = decodeReview<AccessSpec>(type, body);
      const asked = isSelf ? call.identity : { user: spec.user ?? '', groups: spec.groups ?? [] };
      const status = await decide(authorizer, asked, spec, call.namespace);
      return answer(type, call, { spec, status });
    },
  });
  return new Map<ResourceType, VirtualHandler>([
    [selfSubjectAccessReviews, access(selfSubjectAccessReviews, true)],
    [subjectAccessReviews, access(subjectAccessReviews, false)],
    [localSubjectAccessReviews, access(localSubjectAccessReviews, false)],
    [
      selfSubjectReviews,
      { create: async (call) => answer(selfSubjectReviews, call, { status: { userInfo: userInfo(call.identity) } }) },
    ],
    [selfSubjectRulesReviews, { create: (call, body) => rulesReview(rbac, call, body) }],
    [tokenReviews, { create: (call, body) => tokenReview(tokens, call, body) }],
  ]);
}

/** A review without a spec asks nothing: it is taken for an empty one. */
function decodeReview<S>(type: ResourceType, body: unknown): { readonly spec: Partial<S> } {
  const table = type.group === authorization ? 'authorization.v1' : 'authentication.v1';
  const { object } = decodeStruct<{ readonly spec?: Partial<S> }>(`${table}.${type.kind}`, type, body);
  return { spec: object.spec ?? {} };
}

function answer(type: ResourceType, call: WriteCall, content: object): ApiResponse {
  const metadata = { creationTimestamp: call.context.now };
  const object = { kind: type.kind, apiVersion: `${type.group}/${type.version}`, metadata, ...content };
  return { object, created: true };
}

function userInfo({ user, uid, groups, extra }: Identity) {
  return { username: user, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
}

async function decide(
  authorizer: Authorizer,
  identity: Identity,
  { resourceAttributes: asked, nonResourceAttributes }: ReviewAttributes,
  namespace: string | undefined,
) {
  if (nonResourceAttributes) {
    const { path = '', verb = '' } = nonResourceAttributes;
    return await authorizer.authorizePath(identity, { path, verb });
  }
  if (!asked)
    throw ApiStatusError.of('BadRequest', 'exactly one of resourceAttributes and nonResourceAttributes must be given');
  return await authorizer.authorize(identity, {
    verb: asked.verb ?? '',
    group: asked.group ?? '',
    version: asked.version ?? '',
    resource: asked.resource ?? '',
    subresource: asked.subresource || undefined,
    namespace: namespace ?? (asked.namespace || undefined),
    name: asked.name || undefined,
  });
}

async function rulesReview(rbac: RbacAuthorizer | undefined, call: WriteCall, body: unknown): Promise<ApiResponse> {
  const { spec } = decodeReview<{ readonly namespace?: string }>(selfSubjectRulesReviews, body);
  const rules = (await rbac?.rulesOf(call.identity, spec.namespace)) ?? [];
  const isSuper = call.identity.groups.includes('system:masters');
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  const resourceRules = rules.filter((rule) => rule.resources?.length);
  const nonResourceRules = rules.filter((rule) => rule.nonResourceURLs?.length);
  const status = {
    resourceRules: isSuper ? [everything] : resourceRules,
    nonResourceRules: isSuper ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : nonResourceRules,
    incomplete: false,
  };
  return answer(selfSubjectRulesReviews, call, { spec, status });
}

async function tokenReview(tokens: ServiceAccountTokens, call: WriteCall, body: unknown): Promise<ApiResponse> {
  const { spec } = decodeReview<{ readonly token: string; readonly audiences?: readonly string[] }>(tokenReviews, body);
  const audiences = spec.audiences?.length ? spec.audiences : [tokenIssuer];
  const identity = await tokens.authenticate(spec.token ?? '', audiences);
  const status = identity
    ? { authenticated: true, user: userInfo(identity), audiences }
    : { authenticated: false, error: '[invalid bearer token]' };
  return answer(tokenReviews, call, { spec, status });
}
