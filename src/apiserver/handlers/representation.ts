/** The forms an object or list can be asked for in: as it is, as a Table, or its metadata only. */
import {
  ApiStatusError,
  apiVersionOf,
  type ObjectList,
  type ResourceType,
  schemaRefOf,
  tableOf,
  wireForm,
} from '../../api/index.ts';
import type { Representation } from '../codec/media-types.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface RepresentationOptions {
  readonly resource: RegisteredResource;
  readonly representation: Representation;
  readonly includeObject: IncludeObject;
  readonly nowMs: number;
}

const metaVersion = 'meta.k8s.io/v1';

function metadataOnly(object: AnyObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: metaVersion, metadata: object.metadata };
}

interface ListMetadata {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export function tableBody(
  objects: readonly AnyObject[],
  metadata: ListMetadata,
  { resource, includeObject, nowMs }: RepresentationOptions,
): object {
  const { columnDefinitions, rows } = tableOf(resource.type, objects, nowMs);
  return {
    kind: 'Table',
    apiVersion: metaVersion,
    metadata,
    columnDefinitions,
    rows: rows.map(({ cells }, index) => {
      const object = objects[index];
      if (!object || includeObject === 'None') return { cells };
      return { cells, object: includeObject === 'Object' ? object : metadataOnly(object) };
    }),
  };
}

export function objectBody(object: AnyObject, options: RepresentationOptions): unknown {
  switch (options.representation.as) {
    case 'table':
      return tableBody([object], { resourceVersion: object.metadata.resourceVersion }, options);
    case 'metadata':
      return metadataOnly(object);
    case 'object':
      return object;
  }
}

export function listMetadata(list: ObjectList<AnyObject>): ListMetadata {
  return {
    resourceVersion: list.resourceVersion,
    ...(list.continue ? { continue: list.continue } : {}),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  };
}

/** In a list, objects of built-in kinds do not say again what they are; custom ones do. */
export function listItem(type: ResourceType): (object: AnyObject) => unknown {
  if (schemaRefOf(type) === undefined) return wireForm;
  return (object) => ({ ...(wireForm(object) as AnyObject), kind: undefined, apiVersion: undefined });
}

export function listBody(list: ObjectList<AnyObject>, options: RepresentationOptions): object {
  const { type } = options.resource;
  const metadata = listMetadata(list);
  switch (options.representation.as) {
    case 'table':
      return tableBody(list.items, metadata, options);
    case 'metadata': {
      const items = list.items.map(metadataOnly);
      return { kind: 'PartialObjectMetadataList', apiVersion: metaVersion, metadata, items };
    }
    case 'object':
      return {
        kind: `${type.kind}List`,
        apiVersion: apiVersionOf(type),
        metadata,
        items: list.items.map(listItem(type)),
      };
  }
}

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject');
  if (value === null || value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw ApiStatusError.of('BadRequest', `unrecognized includeObject value: ${JSON.stringify(value)}`);
}
