/** The label and field selectors of a list or watch, parsed once. */
import {
  ApiStatusError,
  type FieldMatcher,
  type LabelMatcher,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
  selectableFields,
} from '../../api/index.ts';
import { keyFor, prefixFor, type RegisteredResource } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';

export interface Selection {
  readonly resource: RegisteredResource;
  /** The store's keys under which every match lies: a kind, a namespace of it, or one object. */
  readonly prefix: string;
  /** Undefined when everything under the prefix matches. */
  readonly matches: ((object: AnyObject) => boolean) | undefined;
}

export interface SelectionOptions {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** Throws BadRequest for a selector that cannot be understood or names a field that the kind cannot be selected by. */
export function selectionOf(
  resource: RegisteredResource,
  namespace: string | undefined,
  options: SelectionOptions,
): Selection {
  const labels = parsed('labelSelector', options.labelSelector, parseLabelSelector);
  const fields = parsed('fieldSelector', options.fieldSelector, parseFieldSelector);
  checkFields(resource, fields);
  return { resource, prefix: narrowPrefix(resource, namespace, fields), matches: matcher(resource, labels, fields) };
}

function parsed<T>(what: string, text: string | undefined, parse: (text: string | undefined) => T): T {
  try {
    return parse(text);
  } catch (thrown) {
    if (!(thrown instanceof SelectorError)) throw thrown;
    throw ApiStatusError.of('BadRequest', `unable to parse ${what}: ${thrown.message}`, undefined, { cause: thrown });
  }
}

/** What a field selector may name, asked of an object without any fields. */
function checkFields(resource: RegisteredResource, fields: FieldMatcher): void {
  if (fields.terms.length === 0) return;
  const { type } = resource;
  const empty = {
    apiVersion: '',
    kind: '',
    metadata: { name: '', uid: '', creationTimestamp: '', resourceVersion: '' },
    spec: {},
    involvedObject: {},
    regarding: {},
  };
  const known = selectableFields(type, empty);
  for (const { field } of fields.terms) {
    if (Object.hasOwn(known, field) || field === 'metadata.name') continue;
    if (field === 'metadata.namespace' && type.namespaced) continue;
    throw ApiStatusError.of('BadRequest', `field label not supported: ${field}`);
  }
}

/** Asked once per object, however many watch it by its fields. */
const fieldsByObject = new WeakMap<AnyObject, Readonly<Record<string, string>>>();

function fieldsOf(resource: RegisteredResource, object: AnyObject): Readonly<Record<string, string>> {
  let fields = fieldsByObject.get(object);
  if (!fields) {
    const { name, namespace = '' } = object.metadata;
    fields = { 'metadata.name': name, 'metadata.namespace': namespace, ...selectableFields(resource.type, object) };
    fieldsByObject.set(object, fields);
  }
  return fields;
}

function matcher(
  resource: RegisteredResource,
  labels: LabelMatcher,
  fields: FieldMatcher,
): ((object: AnyObject) => boolean) | undefined {
  const byLabels = labels.requirements === undefined || labels.requirements.length > 0;
  const byFields = fields.terms.length > 0;
  if (!byLabels && !byFields) return undefined;
  if (!byFields) return (object) => labels.matches(object.metadata.labels);
  const matchesFields = (object: AnyObject) => fields.matches(fieldsOf(resource, object));
  if (!byLabels) return matchesFields;
  return (object) => labels.matches(object.metadata.labels) && matchesFields(object);
}

/** `metadata.name=x` needs no scan. */
function narrowPrefix(resource: RegisteredResource, namespace: string | undefined, fields: FieldMatcher): string {
  const equalTo = (field: string) => fields.terms.find((term) => term.field === field && !term.negated)?.value;
  const inNamespace = namespace || (resource.type.namespaced ? equalTo('metadata.namespace') : undefined);
  const name = equalTo('metadata.name');
  const isKey = name !== undefined && name !== '' && !name.includes('/');
  if (isKey && (inNamespace || !resource.type.namespaced)) return keyFor(resource, inNamespace, name);
  return prefixFor(resource, inNamespace);
}
