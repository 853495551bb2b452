import type { PersistentVolumeClaim } from '../../api/index.ts';
import { annBetaStorageProvisioner, annStorageProvisioner } from '../../component-helpers/index.ts';
import { type BinderContext, writeClaim } from './binder-context.ts';

/** Names the provisioner on the claim, which is how an external provisioner learns that it is asked. */
export async function nameProvisioner(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  provisioner: string,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  if (claim.metadata.annotations?.[annStorageProvisioner] === provisioner) return claim;
  const annotations = {
    ...claim.metadata.annotations,
    [annBetaStorageProvisioner]: provisioner,
    [annStorageProvisioner]: provisioner,
  };
  return await writeClaim(context, { ...claim, metadata: { ...claim.metadata, annotations } }, signal);
}
