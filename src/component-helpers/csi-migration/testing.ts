/** Objects for the tables of the translators' tests. */
import type {
  NodeSelectorTerm,
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeSpec,
  StorageClass,
  TopologySelectorTerm,
} from '../../api/index.ts';

export function testMeta(meta: Partial<ObjectMeta>): ObjectMeta {
  return { name: '', uid: '', resourceVersion: '', creationTimestamp: '', ...meta };
}

export function testVolume(spec: Partial<PersistentVolumeSpec>, meta: Partial<ObjectMeta> = {}): PersistentVolume {
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: testMeta(meta), spec };
}

export function testClass(
  parameters: Readonly<Record<string, string>> | undefined,
  allowedTopologies?: readonly TopologySelectorTerm[],
): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: testMeta({ name: 'fast' }),
    provisioner: 'kubernetes.io/any',
    ...(parameters ? { parameters } : {}),
    ...(allowedTopologies ? { allowedTopologies } : {}),
  };
}

/** One term: each entry a key and the values it must be in. */
export function selectorTerm(...expressions: readonly (readonly [string, ...string[]])[]): NodeSelectorTerm {
  return { matchExpressions: expressions.map(([key, ...values]) => ({ key, operator: 'In', values })) };
}

export function nodeAffinity(...terms: readonly NodeSelectorTerm[]): Pick<PersistentVolumeSpec, 'nodeAffinity'> {
  return { nodeAffinity: { required: { nodeSelectorTerms: terms } } };
}
