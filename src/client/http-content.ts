/** What a request is over HTTP: its method and its body. */
import type { ApiRequest, PatchType, WatchRequest } from '../api/index.ts';

export const methods = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
} as const;

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
};

export function contentOf(
  request: ApiRequest | WatchRequest,
): { readonly type: string; readonly body: string } | undefined {
  switch (request.verb) {
    case 'create':
    case 'update':
      return { type: 'application/json', body: JSON.stringify(request.object) };
    case 'patch':
      return { type: patchContentTypes[request.patch.type], body: JSON.stringify(request.patch.body) };
    case 'delete':
    case 'deletecollection': {
      const options = { apiVersion: 'v1', kind: 'DeleteOptions', ...request.options };
      return { type: 'application/json', body: JSON.stringify(options) };
    }
    default:
      return undefined;
  }
}
