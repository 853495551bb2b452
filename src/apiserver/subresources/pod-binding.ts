/** POST of a Binding: how a scheduler gives a pod its node. Upstream: registry/core/pod/storage BindingREST. */
import { ApiStatusError, decodeStruct, type Pod, type PodCondition } from '../../api/index.ts';
import { conflict } from '../pipeline/commit.ts';
import type { SubresourceHandler, WriteCall } from '../pipeline/context.ts';
import { mutateObject } from '../pipeline/mutate.ts';

interface BindingBody {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>>; readonly uid?: string };
  readonly target: { readonly kind?: string; readonly name?: string };
}

export const podBindingHandler: SubresourceHandler = {
  kind: { group: '', version: 'v1', kind: 'Binding' },
  async create(call, name, body) {
    const { object: binding } = decodeStruct<BindingBody>('core.v1.Binding', { kind: 'Binding', version: 'v1' }, body);
    checkTarget(name, binding);
    await mutateObject<Pod>(call, name, (pod) => bound(call, pod, binding));
    return { object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, created: true };
  },
};

function checkTarget(name: string, { target }: BindingBody): void {
  if (target?.kind && target.kind !== 'Node' && target.kind !== 'Minion') {
    const message = `target.kind: Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node", "<empty>"`;
    throw ApiStatusError.of('Invalid', `Binding "${name}" is invalid: ${message}`);
  }
  if (!target?.name) throw ApiStatusError.of('Invalid', `Binding "${name}" is invalid: target.name: Required value`);
}

function bound(call: WriteCall, pod: Pod, { metadata, target }: BindingBody): Pod {
  const { name } = pod.metadata;
  const refuse = (detail: string) => conflict({ name: 'pods/binding' }, name, detail);
  if (metadata?.uid && metadata.uid !== pod.metadata.uid) {
    const uids = `UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`;
    throw refuse(`Precondition failed: ${uids}`);
  }
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec?.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec?.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  // What was promised is kept: the promise goes. Upstream: ClearingNominatedNodeNameAfterBinding.
  const { nominatedNodeName: _, ...status } = pod.status ?? {};
  const annotations = { ...pod.metadata.annotations, ...metadata?.annotations };
  const hasAnnotations = Object.keys(annotations).length > 0;
  return {
    ...pod,
    metadata: hasAnnotations ? { ...pod.metadata, annotations } : pod.metadata,
    spec: { ...pod.spec, nodeName: target.name } as NonNullable<Pod['spec']>,
    status: { ...status, conditions: withScheduled(call, pod) },
  };
}

function withScheduled(call: WriteCall, pod: Pod): readonly PodCondition[] {
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  const { generation } = pod.metadata;
  const scheduled: PodCondition = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: call.context.now,
    ...(generation ? { observedGeneration: generation } : {}),
  };
  return [...others, scheduled];
}
