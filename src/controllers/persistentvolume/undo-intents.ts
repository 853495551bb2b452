/**
 * What a process that died left half made: storage of claims that are gone, whose volume's object was never written.
 * While the claim exists, the next attempt to provision finds the same storage.
 */

import { persistentVolumeClaims, persistentVolumes } from '../../api/index.ts';
import { ifFound } from '../../client/index.ts';
import type { ProvisioningIntents } from '../../volume-plugins/index.ts';
import type { BinderContext } from './binder-context.ts';

/** Longer than any attempt takes; another process may be at one that this one knows nothing of. */
export const intentAgeMs = 10 * 60_000;

export async function undoIntents(
  { client, clock }: Pick<BinderContext, 'client' | 'clock'>,
  intents: ProvisioningIntents,
  signal: AbortSignal,
): Promise<void> {
  const old = (await intents.list()).filter(({ begunMs }) => clock.now() - begunMs >= intentAgeMs);
  if (old.length === 0) return;
  const { items } = await client.list(persistentVolumeClaims, { signal });
  const uids = new Set(items.map(({ metadata }) => metadata.uid));
  // After the claims: a volume that was written before its claim went is seen.
  for (const { claimUid } of old) {
    const name = `pvc-${claimUid}`;
    if (await ifFound(client.get(persistentVolumes, { name }, { signal }))) await intents.forget(claimUid);
    else if (!uids.has(claimUid)) await intents.undo(claimUid);
  }
}
