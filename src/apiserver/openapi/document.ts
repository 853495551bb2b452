/**
 * The OpenAPI v3 document of a group and version, made from the field tables: what `kubectl apply` checks for field
 * validation and `kubectl explain` prints.
 */
import {
  descriptions,
  type Field,
  type FieldType,
  type ResourceType,
  schemaRefOf,
  structSchema,
} from '../../api/index.ts';
import type { ServedResource, ServedVersion } from '../discovery/served-resources.ts';

type Schema = Readonly<Record<string, unknown>>;

/** How upstream names the packages of the tables. */
const packages: Readonly<Record<string, string>> = {
  'meta.v1': 'io.k8s.apimachinery.pkg.apis.meta.v1',
  'apiextensions.v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
};

const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrStringName = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const timeName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
const microTimeName = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';

const named: Readonly<Record<string, Schema>> = {
  [quantityName]: {
    description: 'Quantity is a fixed-point number with a unit.',
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  [intOrStringName]: {
    description: 'IntOrString is a number or a text.',
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  [timeName]: {
    description: 'Time is a point in time, RFC 3339 in UTC with whole seconds.',
    type: 'string',
    format: 'date-time',
  },
  [microTimeName]: {
    description: 'MicroTime is a point in time with microseconds.',
    type: 'string',
    format: 'date-time',
  },
};

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  nanoseconds: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

const namedScalars: Readonly<Record<string, string>> = {
  quantity: quantityName,
  intstr: intOrStringName,
  time: timeName,
  microtime: microTimeName,
};

/** `io.k8s.api.core.v1.PodSpec` */
function schemaName(ref: string): string {
  const dot = ref.lastIndexOf('.');
  const group = ref.slice(0, dot);
  return `${packages[group] ?? `io.k8s.api.${group}`}.${ref.slice(dot + 1)}`;
}

function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

class Components {
  readonly schemas: Record<string, Schema> = {};
  readonly #waiting: string[] = [];

  /** The schema of a type; structs are described once, under their own name. */
  schemaOf(type: FieldType): Schema {
    switch (type.kind) {
      case 'list':
        return { type: 'array', items: this.#item(type.item) };
      case 'map':
        return { type: 'object', additionalProperties: this.#item(type.value) };
      case 'struct':
        return reference(this.require(type.ref));
      case 'scalar': {
        const name = namedScalars[type.scalar];
        if (name === undefined) return scalars[type.scalar] ?? {};
        this.schemas[name] = named[name] ?? {};
        return reference(name);
      }
    }
  }

  #item(type: FieldType): Schema {
    const schema = this.schemaOf(type);
    if ('$ref' in schema) return { allOf: [schema], default: {} };
    return type.kind === 'scalar' && type.scalar === 'string' ? { ...schema, default: '' } : schema;
  }

  require(ref: string): string {
    const name = schemaName(ref);
    if (!(name in this.schemas)) {
      this.schemas[name] = {};
      this.#waiting.push(ref);
    }
    return name;
  }

  /** Describes everything that was required, and what that requires in turn. */
  complete(kinds: ReadonlyMap<string, ResourceType>): void {
    for (let ref = this.#waiting.pop(); ref !== undefined; ref = this.#waiting.pop()) {
      this.schemas[schemaName(ref)] = this.#struct(ref, kinds.get(ref));
    }
  }

  #struct(ref: string, kind: ResourceType | undefined): Schema {
    const dot = ref.lastIndexOf('.');
    const texts = descriptions[ref.slice(0, dot)]?.[ref.slice(dot + 1)] ?? {};
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const field of structSchema(ref)?.fields.values() ?? []) {
      properties[field.name] = this.#field(field, texts[field.name] ?? '');
      if (!field.optional) required.push(field.name);
    }
    return {
      // The text of the struct itself stands under the empty name.
      ...(texts[''] ? { description: texts[''] } : {}),
      type: 'object',
      properties,
      ...(required.length > 0 ? { required } : {}),
      ...(kind ? { 'x-kubernetes-group-version-kind': [gvk(kind)] } : {}),
    };
  }

  #field(field: Field, description: string): Schema {
    const schema = this.schemaOf(field.type);
    const described = description ? { description } : {};
    if ('$ref' in schema) return { ...described, allOf: [schema], default: {} };
    return { ...described, ...schema, ...listExtensions(field) };
  }
}

function listExtensions({ type, set, listKeys, mergeKey }: Field): Schema {
  if (type.kind !== 'list') return {};
  return {
    'x-kubernetes-list-type': set ? 'set' : listKeys.length > 0 ? 'map' : 'atomic',
    ...(listKeys.length > 0 ? { 'x-kubernetes-list-map-keys': listKeys } : {}),
    ...(mergeKey !== undefined || set ? { 'x-kubernetes-patch-strategy': 'merge' } : {}),
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
  };
}

function gvk({ group, version, kind }: Pick<ResourceType, 'group' | 'version' | 'kind'>): Schema {
  return { group, version, kind };
}

const json = 'application/json';

function query(name: string, type: string): Schema {
  return { name, in: 'query', schema: { type, uniqueItems: true } };
}

const writeParameters = [
  query('dryRun', 'string'),
  query('fieldManager', 'string'),
  query('fieldValidation', 'string'),
];

function operation(
  action: string,
  resource: ServedResource,
  given: { schema: Schema; body?: readonly string[]; parameters?: readonly Schema[] },
): Schema {
  const { type } = resource;
  const { schema, body, parameters } = given;
  const content = (mediaTypes: readonly string[]) =>
    Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
  return {
    tags: [`${type.group === '' ? 'core' : type.group.split('.')[0]}_${type.version}`],
    operationId: `${action}${type.namespaced ? 'Namespaced' : ''}${type.kind}`,
    ...(parameters ? { parameters } : {}),
    ...(body ? { requestBody: { content: content(body), required: true } } : {}),
    responses: { 200: { description: 'OK', content: content([json]) } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(type),
  };
}

const patchMediaTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

function pathsOf(resource: ServedResource, schema: Schema): Record<string, Schema> {
  const { group, version, plural, namespaced } = resource.type;
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${base}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
  const place = namespaced ? [{ name: 'namespace', in: 'path', required: true, schema: { type: 'string' } }] : [];
  const name = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
  const post = operation('post', resource, { schema, body: [json], parameters: writeParameters });
  if (!resource.verbs.includes('list')) return { [collection]: { parameters: place, post } };
  return {
    [collection]: { parameters: place, get: operation('list', resource, { schema }), post },
    [`${collection}/{name}`]: {
      parameters: [...place, name],
      get: operation('get', resource, { schema }),
      put: operation('put', resource, { schema, body: [json], parameters: writeParameters }),
      patch: operation('patch', resource, {
        schema,
        body: patchMediaTypes,
        parameters: [...writeParameters, query('force', 'boolean')],
      }),
      delete: operation('delete', resource, { schema }),
    },
  };
}

export function openApiDocument(served: ServedVersion, version: string): object {
  const components = new Components();
  const kinds = new Map<string, ResourceType>();
  const paths: Record<string, Schema> = {};
  for (const resource of served.resources) {
    const ref = schemaRefOf(resource.type);
    if (ref === undefined) continue;
    kinds.set(ref, resource.type);
    Object.assign(paths, pathsOf(resource, reference(components.require(ref))));
  }
  components.complete(kinds);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths,
    components: { schemas: components.schemas },
  };
}
