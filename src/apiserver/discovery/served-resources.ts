/** What discovery says of each kind: its verbs and subresources. */
import type { ResourceType } from '../../api/index.ts';
import type { SubresourceHandler } from '../pipeline/context.ts';
import type { RegisteredResource, Registry } from '../registry/registry.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ServedSubresource {
  readonly name: string;
  readonly kind: GroupVersionKind;
  readonly verbs: readonly string[];
}

export interface ServedResource {
  readonly type: ResourceType;
  readonly verbs: readonly string[];
  readonly subresources: readonly ServedSubresource[];
}

export interface ServedVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ServedResource[];
}

const storedVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const statusVerbs = ['get', 'patch', 'update'];
const methods = ['create', 'get', 'patch', 'update'] as const;

/** Subresources that are streams to a node's agent, by resource. */
export const streamedSubresources: Readonly<Record<string, readonly ServedSubresource[]>> = {
  pods: [
    { name: 'attach', kind: { group: '', version: 'v1', kind: 'PodAttachOptions' }, verbs: ['create', 'get'] },
    { name: 'exec', kind: { group: '', version: 'v1', kind: 'PodExecOptions' }, verbs: ['create', 'get'] },
    { name: 'log', kind: { group: '', version: 'v1', kind: 'Pod' }, verbs: ['get'] },
    {
      name: 'portforward',
      kind: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
      verbs: ['create', 'get'],
    },
  ],
};

export type Subresources = ReadonlyMap<string, SubresourceHandler>;

function subresourcesOf({ name, type }: RegisteredResource, handlers: Subresources): readonly ServedSubresource[] {
  const served: ServedSubresource[] = [...(streamedSubresources[name] ?? [])];
  if (type.subresources.includes('status')) {
    served.push({
      name: 'status',
      kind: { group: type.group, version: type.version, kind: type.kind },
      verbs: statusVerbs,
    });
  }
  for (const [path, handler] of handlers) {
    const [resource, subresource = ''] = path.split('/');
    if (resource !== name) continue;
    served.push({ name: subresource, kind: handler.kind, verbs: methods.filter((method) => handler[method]) });
  }
  return served.sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Every group and version in the order of their first kinds, the core group first. */
export function servedVersions(registry: Registry, handlers: Subresources): readonly ServedVersion[] {
  const versions = new Map<string, { group: string; version: string; resources: ServedResource[] }>();
  for (const resource of registry.all()) {
    const { type } = resource;
    const key = `${type.group}/${type.version}`;
    const served = versions.get(key) ?? { group: type.group, version: type.version, resources: [] };
    versions.set(key, served);
    const verbs = resource.virtual ? ['create'] : storedVerbs;
    served.resources.push({ type, verbs, subresources: subresourcesOf(resource, handlers) });
  }
  return [...versions.values()];
}
