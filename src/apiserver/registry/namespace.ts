/** Upstream: registry/core/namespace/strategy.go and storage/storage.go. */
import type { Namespace } from '../../api/index.ts';
import type { Strategy } from './strategy.ts';

const contentFinalizer = 'kubernetes';
const nameLabel = 'kubernetes.io/metadata.name';

export const namespaceStrategy: Strategy<Namespace> = {
  initialStatus: () => ({ phase: 'Active' }),
  prepareForCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? [];
    if (finalizers.includes(contentFinalizer)) return labelled(namespace);
    return labelled({ ...namespace, spec: { ...namespace.spec, finalizers: [...finalizers, contentFinalizer] } });
  },
  // The finalizers of the content change through /finalize only.
  prepareForUpdate: (namespace, previous) => labelled(withSpecOf(namespace, previous)),
  prepareForDelete: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } }),
  isHeld: (namespace) => (namespace.spec?.finalizers?.length ?? 0) > 0,
};

function withSpecOf(namespace: Namespace, previous: Namespace): Namespace {
  return namespace.spec === previous.spec ? namespace : { ...namespace, spec: previous.spec };
}

function labelled(namespace: Namespace): Namespace {
  const { labels, name } = namespace.metadata;
  if (labels?.[nameLabel] === name) return namespace;
  return { ...namespace, metadata: { ...namespace.metadata, labels: { ...labels, [nameLabel]: name } } };
}
