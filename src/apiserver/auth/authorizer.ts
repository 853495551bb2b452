import { ApiStatusError, type Identity } from '../../api/index.ts';
import type { RegisteredResource } from '../registry/registry.ts';

/** What a request wants to do. */
export interface AccessAttributes {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export interface PathAttributes {
  readonly verb: string;
  readonly path: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason?: string;
}

export interface Authorizer {
  authorize(identity: Identity, attributes: AccessAttributes): Decision | Promise<Decision>;
  /** For paths that are no resources: /version, /metrics. */
  authorizePath(identity: Identity, attributes: PathAttributes): Decision | Promise<Decision>;
}

const allow: Decision = { allowed: true };

/** Lets everybody do everything: for a pipeline that only trusted components of the same process enter. */
export const allowAll: Authorizer = { authorize: () => allow, authorizePath: () => allow };

export function attributesOf(
  resource: RegisteredResource,
  request: {
    readonly verb: string;
    readonly namespace?: string | undefined;
    readonly name?: string | undefined;
    readonly subresource?: string | undefined;
  },
): AccessAttributes {
  const { group, version, plural } = resource.type;
  return {
    verb: request.verb,
    group,
    version,
    resource: plural,
    subresource: request.subresource,
    namespace: request.namespace,
    name: request.name,
  };
}

/** The 403 for a refused request. Upstream: handlers/responsewriters/errors.go. */
export function forbiddenAccess(identity: Identity, attributes: AccessAttributes, reason?: string): ApiStatusError {
  const { group, resource, subresource, namespace, name, verb } = attributes;
  const full = subresource ? `${resource}/${subresource}` : resource;
  const scope = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const what = `User "${identity.user}" cannot ${verb} resource "${full}" in API group "${group}" ${scope}`;
  return forbidden({ group, plural: resource }, name, reason ? `${what}: ${reason}` : what);
}

/** `pods "x" is forbidden: <detail>` */
export function forbidden(
  type: { readonly group: string; readonly plural: string },
  name: string | undefined,
  detail: string,
): ApiStatusError {
  const resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
  const subject = name ? `${resource} "${name}"` : resource;
  return ApiStatusError.of('Forbidden', `${subject} is forbidden: ${detail}`, {
    ...(name ? { name } : {}),
    group: type.group,
    kind: type.plural,
  });
}
