/** Nothing is created in a namespace that is missing or going. Upstream: plugin/namespace/lifecycle. */
import { ApiStatusError, namespaces } from '../../api/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);

export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: (verb, { type }, subresource) =>
      verb === 'create'
        ? type.namespaced && subresource === undefined
        : verb === 'delete' && type.group === '' && type.plural === 'namespaces',
    // Before anything else looks at the object: what it says matters little when it has no place to be.
    async admit(attributes) {
      await checkNamespace(reader, attributes);
      return attributes.object;
    },
    validate({ verb, resource, name }) {
      if (verb === 'delete' && immortal.has(name)) {
        throw forbidden(resource.type, name, 'this namespace may not be deleted');
      }
    },
  };
}

async function checkNamespace(reader: ObjectReader, attributes: AdmissionAttributes): Promise<void> {
  const { resource, name } = attributes;
  const namespaceName = attributes.namespace ?? '';
  const namespace = await reader.get(namespaces, namespaceName);
  if (!namespace) throw ApiStatusError.notFound(namespaces, namespaceName);
  if (!namespace.metadata.deletionTimestamp) return;
  const detail = `unable to create new content in namespace ${namespaceName} because it is being terminated`;
  const { status } = forbidden(resource.type, name, detail);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespaceName} is being terminated`,
    field: 'metadata.namespace',
  };
  throw new ApiStatusError({ ...status, details: { ...status.details, causes: [cause] } });
}
