/**
 * Owners and their dependents: which pods (or ReplicaSets, or Jobs) a controller object has, which of them it takes up
 * or lets go, and whom a change of a dependent wakes. Upstream: controller_ref_manager.go.
 */
import {
  apiVersionOf,
  type KubernetesObject,
  keyOf,
  type LabelMatcher,
  type LabelSelector,
  labelSelectorMatcher,
  type OwnerReference,
  type ResourceType,
  storedSelectorMatcher,
} from '../../api/index.ts';
import { type Client, type Informer, ifFound } from '../../client/index.ts';

const dependentsIndex = 'controllers/controller-uid';
const orphansIndex = 'controllers/orphans';

export function controllerOf({ metadata }: KubernetesObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller);
}

export function controllerReference(owner: KubernetesObject, type: ResourceType): OwnerReference {
  const { name, uid } = owner.metadata;
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Makes `dependentsOf` and `orphansIn` work on the informer. */
export function addOwnerIndexes(dependents: Informer<KubernetesObject>): void {
  dependents.addIndex(dependentsIndex, (object) => {
    const owner = controllerOf(object);
    return owner ? [owner.uid] : [];
  });
  dependents.addIndex(orphansIndex, (object) => (controllerOf(object) ? [] : [object.metadata.namespace ?? '']));
}

/** What the object with this uid controls. */
export function dependentsOf<T extends KubernetesObject>(
  dependents: Pick<Informer<T>, 'byIndex'>,
  ownerUid: string,
): readonly T[] {
  return dependents.byIndex(dependentsIndex, ownerUid);
}

/** What nobody controls in a namespace. */
export function orphansIn<T extends KubernetesObject>(dependents: Informer<T>, namespace: string): readonly T[] {
  return dependents.byIndex(orphansIndex, namespace);
}

export type ClaimDecision = 'own' | 'adopt' | 'release' | 'ignore';

/** What an owner does with an object that it controls or that nobody controls. */
export function decideOwnership(
  owner: KubernetesObject,
  selector: LabelMatcher,
  object: KubernetesObject,
): ClaimDecision {
  const controller = controllerOf(object);
  const matches = selector.matches(object.metadata.labels);
  const ownerStays = owner.metadata.deletionTimestamp === undefined;
  if (controller) {
    if (controller.uid !== owner.metadata.uid) return 'ignore';
    if (matches) return 'own';
    return ownerStays ? 'release' : 'ignore';
  }
  return matches && ownerStays && !object.metadata.deletionTimestamp ? 'adopt' : 'ignore';
}

export interface Claim<O extends KubernetesObject, D extends KubernetesObject> {
  readonly client: Client;
  readonly ownerType: ResourceType<O>;
  readonly owner: O;
  readonly selector: LabelSelector | undefined;
  readonly dependents: Informer<D>;
  /** The dependents as the controller sees them; those of the cache when left out. */
  readonly owned?: readonly D[];
  /** Put on what is taken up. */
  readonly finalizer?: string;
}

/** The objects that the owner controls, after taking up orphans that it selects and letting go what it no longer does. */
export async function claimDependents<O extends KubernetesObject, D extends KubernetesObject>(
  claim: Claim<O, D>,
  signal: AbortSignal,
): Promise<readonly D[]> {
  const { owner, dependents } = claim;
  const selector = labelSelectorMatcher(claim.selector);
  const owned: D[] = [];
  for (const object of claim.owned ?? dependentsOf(dependents, owner.metadata.uid)) {
    const decision = decideOwnership(owner, selector, object);
    if (decision === 'own') owned.push(object);
    else if (decision === 'release') await release(claim, object, signal);
  }
  let mayAdopt: boolean | undefined;
  for (const object of orphansIn(dependents, owner.metadata.namespace ?? '')) {
    if (decideOwnership(owner, selector, object) !== 'adopt') continue;
    mayAdopt ??= await isStillThere(claim, signal);
    if (!mayAdopt) break;
    const adopted = await adopt(claim, object, signal);
    if (adopted) owned.push(adopted);
  }
  return owned;
}

/** A stale cache must not make an owner that is gone take up anything. */
async function isStillThere<O extends KubernetesObject>(
  { client, ownerType, owner }: Claim<O, KubernetesObject>,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace, name, uid } = owner.metadata;
  const live = await ifFound(client.get(ownerType, { namespace, name }, { signal }));
  return live?.metadata.uid === uid && live.metadata.deletionTimestamp === undefined;
}

async function adopt<O extends KubernetesObject, D extends KubernetesObject>(
  { client, ownerType, owner, dependents, finalizer }: Claim<O, D>,
  object: D,
  signal: AbortSignal,
): Promise<D | undefined> {
  const { namespace, name, uid } = object.metadata;
  const finalizers = finalizer === undefined ? {} : { finalizers: [finalizer] };
  const body = { metadata: { uid, ownerReferences: [controllerReference(owner, ownerType)], ...finalizers } };
  return await ifFound(client.patch(dependents.type, { namespace, name }, { type: 'strategic', body }, { signal }));
}

async function release<O extends KubernetesObject, D extends KubernetesObject>(
  { client, owner, dependents }: Claim<O, D>,
  object: D,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = object.metadata;
  const body = { metadata: { uid, ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }] } };
  await ifFound(client.patch(dependents.type, { namespace, name }, { type: 'strategic', body }, { signal }));
}

export interface OwnerKind<O extends KubernetesObject> {
  readonly owners: Informer<O>;
  readonly selectorOf: (owner: O) => LabelSelector | undefined;
  readonly wake: (key: string) => void;
}

const ownersIndex = 'controllers/namespace';

/** By the selector: every orphan that changes is held against every selector of its namespace. */
const matchers = new WeakMap<LabelSelector, LabelMatcher>();

function matcherOf(selector: LabelSelector | undefined): LabelMatcher {
  if (!selector) return storedSelectorMatcher(undefined);
  const found = matchers.get(selector) ?? storedSelectorMatcher(selector);
  matchers.set(selector, found);
  return found;
}

/** Wakes the owner of a dependent that changed; of an orphan, every owner that selects it. */
export function wakeOwners<O extends KubernetesObject, D extends KubernetesObject>(
  dependents: Informer<D>,
  { owners, selectorOf, wake }: OwnerKind<O>,
): Disposable {
  owners.addIndex(ownersIndex, ({ metadata }) => [metadata.namespace ?? '']);
  const wakeController = (object: D) => {
    const controller = controllerOf(object);
    if (controller?.kind !== owners.type.kind) return;
    const key = `${object.metadata.namespace}/${controller.name}`;
    if (owners.get(key)?.metadata.uid === controller.uid) wake(key);
  };
  const changed = (object: D) => {
    if (controllerOf(object)) {
      wakeController(object);
      return;
    }
    for (const owner of owners.byIndex(ownersIndex, object.metadata.namespace ?? '')) {
      if (matcherOf(selectorOf(owner)).matches(object.metadata.labels)) wake(keyOf(owner));
    }
  };
  return dependents.addHandler({
    onAdd: changed,
    onUpdate: (previous, current) => {
      if (previous === current) return;
      if (controllerOf(previous)?.uid !== controllerOf(current)?.uid) wakeController(previous);
      changed(current);
    },
    onDelete: wakeController,
  });
}
