/** Whom CSIStorageCapacity objects belong to: the pod of this process, or who controls it. Upstream: pkg/owner. */
import { builtInResources, type OwnerReference, pods, type ResourceType } from '../../../api/index.ts';
import type { Client } from '../../../client/index.ts';
import { CapacityError } from './context.ts';

export interface OwnerQuestion {
  readonly namespace: string;
  readonly podName: string;
  /** 0: the pod itself; 1: its controller, such as a StatefulSet; 2: the controller of that one, such as a Deployment. */
  readonly level: number;
  /** The kinds that the server has beyond those that are known here. */
  readonly discover: (signal: AbortSignal) => Promise<readonly ResourceType[]>;
}

interface Place {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** @throws CapacityError when one on the way has no controller, or is of a kind that nobody knows; ApiStatusError. */
export async function lookUpOwner(
  client: Client,
  { namespace, podName, level, discover }: OwnerQuestion,
  signal: AbortSignal,
): Promise<OwnerReference> {
  let place: Place = { apiVersion: 'v1', kind: 'Pod', name: podName };
  let type: ResourceType = pods;
  for (let left = level; ; left--) {
    const { metadata } = await client.get(type, { namespace, name: place.name }, { signal });
    if (left === 0) return { ...place, uid: metadata.uid, controller: true };
    const found = metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (!found) {
      const text = `${place.apiVersion}/${place.kind} "${place.name}" in namespace "${namespace}"`;
      throw new CapacityError(`${text} has no controlling owner, cannot unwind the ownership further`);
    }
    const { apiVersion, kind, name, uid } = found;
    // Nobody needs the right to read the last one.
    if (left === 1) return { apiVersion, kind, name, uid, controller: true };
    place = { apiVersion, kind, name };
    type = findType(builtInResources, place) ?? findType(await discover(signal), place) ?? unknownKind(place);
  }
}

function findType(types: readonly ResourceType[], { apiVersion, kind }: Place): ResourceType | undefined {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return types.find((known) => known.group === group && known.kind === kind);
}

function unknownKind({ apiVersion, kind }: Place): never {
  throw new CapacityError(`the server has no ${apiVersion}/${kind}, cannot unwind the ownership further`);
}
