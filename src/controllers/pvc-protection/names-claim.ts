import type { PersistentVolumeClaim, Pod } from '../../api/index.ts';
import { podClaims, podIsOwner } from '../../component-helpers/index.ts';

/** Whether a volume of the pod is the claim. An ephemeral volume is only the claim that was made for it. */
export function namesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  return podClaims(pod).some(
    ({ claimName, ephemeral }) => claimName === claim.metadata.name && (!ephemeral || podIsOwner(pod, claim)),
  );
}
