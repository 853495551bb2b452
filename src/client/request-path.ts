/** Where the API serves a resource, and how options become a query: what the HTTP transport puts on its first line. */
import {
  type ApiRequest,
  apiVersionOf,
  type ListOptions,
  type ReadOptions,
  type ResourceType,
  type WatchOptions,
  type WatchRequest,
  type WriteOptions,
} from '../api/index.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/api/v1/namespaces/a/pods/x/status`, `/apis/storage.k8s.io/v1/storageclasses` */
export function resourcePath(
  resource: ResourceType,
  target: {
    readonly namespace?: string | undefined;
    readonly name?: string | undefined;
    readonly subresource?: string | undefined;
  },
): string {
  const { namespace, name, subresource } = target;
  let path = `/${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
  if (resource.namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${resource.plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  if (name !== undefined && subresource !== undefined) path += `/${subresource}`;
  return path;
}

/** The path and query of a request. */
export function requestTarget(request: ApiRequest | WatchRequest): string {
  return resourcePath(request.resource, request) + queryString(queryOf(request));
}

function queryOf(request: ApiRequest | WatchRequest): Query {
  switch (request.verb) {
    case 'get':
      return { resourceVersion: request.options?.resourceVersion };
    case 'list':
      return listQuery(request.options);
    case 'watch':
      return watchQuery(request.options);
    case 'deletecollection':
      return listQuery(request.list);
    case 'delete':
      return {};
    default:
      return writeQuery(request.options);
  }
}

function readQuery(options: ReadOptions): Query {
  const { labelSelector, fieldSelector, resourceVersion, resourceVersionMatch } = options;
  return { labelSelector, fieldSelector, resourceVersion, resourceVersionMatch };
}

function listQuery(options: ListOptions): Query {
  return { ...readQuery(options), limit: options.limit, continue: options.continue };
}

function watchQuery(options: WatchOptions): Query {
  const { allowWatchBookmarks, sendInitialEvents, timeoutSeconds } = options;
  return { watch: true, ...readQuery(options), allowWatchBookmarks, sendInitialEvents, timeoutSeconds };
}

function writeQuery(options: WriteOptions): Query {
  const { fieldManager, fieldValidation, dryRun, force } = options;
  return { fieldManager, fieldValidation, dryRun: dryRun ? 'All' : undefined, force };
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
