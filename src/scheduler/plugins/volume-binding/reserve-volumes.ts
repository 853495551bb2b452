/**
 * What a pod is promised of the volumes found for it: laid over the caches all or none, taken back, or written. Only
 * the promise of who laid it counts: what was so already may be the promise of another pod with the same claim.
 */
import {
  keyOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../../api/index.ts';
import type { Client } from '../../../client/index.ts';
import { annSelectedNode, getBindVolumeToClaim } from '../../../component-helpers/index.ts';
import type { AssumeCache } from '../../cache/assume-cache.ts';
import type { WrittenBindings } from './check-bindings.ts';
import type { Binding, NodeVolumes } from './find-volumes.ts';

/** With isChanged, what this pod has laid over the caches and is to write. */
export interface Assumed {
  readonly bindings: (Binding & { readonly isChanged: boolean })[];
  readonly provisions: { readonly claim: PersistentVolumeClaim; readonly isChanged: boolean }[];
}

export interface VolumeCaches {
  readonly claims: AssumeCache<PersistentVolumeClaim>;
  readonly volumes: AssumeCache<PersistentVolume>;
}

/** Undefined, and nothing is assumed, when the caches show something else by now. Upstream: AssumePodVolumes. */
export function assumeVolumes(found: NodeVolumes, nodeName: string, caches: VolumeCaches): Assumed | undefined {
  const assumed: Assumed = { bindings: [], provisions: [] };
  const isAssumed =
    found.bindings.every((binding) => assumeBinding(binding, assumed, caches)) &&
    found.provisions.every(({ claim }) => assumeProvision(claim, nodeName, assumed, caches));
  if (isAssumed) return assumed;
  releaseVolumes(assumed, caches);
  return undefined;
}

/** The volumes and claims that are open again are returned. Upstream: RevertAssumedPodVolumes. */
export function releaseVolumes(assumed: Assumed, caches: VolumeCaches): readonly Open[] {
  const open: Open[] = [];
  for (const { volume, isChanged } of assumed.bindings) {
    if (!isChanged) continue;
    caches.volumes.restore(keyOf(volume));
    open.push({ volume });
  }
  for (const { claim, isChanged } of assumed.provisions) {
    if (!isChanged) continue;
    caches.claims.restore(keyOf(claim));
    open.push({ claim });
  }
  return open;
}

export type Open = { readonly volume: PersistentVolume } | { readonly claim: PersistentVolumeClaim };

/** One after the other: a refusal of the first leaves the later ones unwritten. Upstream: bindAPIUpdate. */
export async function writeVolumes(
  assumed: Assumed,
  client: Client,
  signal: AbortSignal,
): Promise<Pick<WrittenBindings, 'bindings' | 'provisions'>> {
  const bindings: Binding[] = [];
  const provisions: PersistentVolumeClaim[] = [];
  for (const { claim, volume, isChanged } of assumed.bindings) {
    const written = isChanged ? await client.update(persistentVolumes, volume, { signal }) : volume;
    bindings.push({ claim, volume: written });
  }
  for (const { claim, isChanged } of assumed.provisions) {
    provisions.push(isChanged ? await client.update(persistentVolumeClaims, claim, { signal }) : claim);
  }
  return { bindings, provisions };
}

function assumeBinding({ claim, volume: found }: Binding, assumed: Assumed, { volumes }: VolumeCaches): boolean {
  const { volume, changed: isChanged } = getBindVolumeToClaim(found, claim);
  if (isChanged && !volumes.assume(volume, found)) return false;
  assumed.bindings.push({ claim, volume, isChanged });
  return true;
}

function assumeProvision(
  found: PersistentVolumeClaim,
  nodeName: string,
  assumed: Assumed,
  { claims }: VolumeCaches,
): boolean {
  const isChanged = found.metadata.annotations?.[annSelectedNode] !== nodeName;
  const claim = isChanged ? withSelectedNode(found, nodeName) : found;
  if (isChanged && !claims.assume(claim, found)) return false;
  assumed.provisions.push({ claim, isChanged });
  return true;
}

function withSelectedNode(claim: PersistentVolumeClaim, nodeName: string): PersistentVolumeClaim {
  const notes = { ...claim.metadata.annotations, [annSelectedNode]: nodeName };
  return { ...claim, metadata: { ...claim.metadata, annotations: notes } };
}
