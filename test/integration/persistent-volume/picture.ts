/**
 * Claims and volumes in a line each, with all that the controller decides about them:
 * `v Bound to c (controller)`, `v Available for c`, `v Released to gone c`, `c Bound on v (controller) 1Gi`.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../../src/api/index.ts';

const boundByController = 'pv.kubernetes.io/bound-by-controller';
const bindCompleted = 'pv.kubernetes.io/bind-completed';
const inTreeFinalizer = 'kubernetes.io/pv-controller';

/** Texts that are not false, with spaces between. */
function words(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ');
}

/** The names of provisioned volumes end with a uid, which is another at every run. */
function shortName(name: string): string {
  return name.startsWith('pvc-') ? 'pvc' : name;
}

export function volumePicture(volume: PersistentVolume, claims: readonly PersistentVolumeClaim[]): string {
  const { metadata, spec, status } = volume;
  return words(
    shortName(metadata.name),
    status?.phase ?? 'Pending',
    referencePicture(spec.claimRef, claims),
    metadata.annotations?.[boundByController] !== undefined && '(controller)',
    metadata.finalizers?.includes(inTreeFinalizer) && '(held)',
    metadata.deletionTimestamp !== undefined && 'terminating',
    status?.message !== undefined && `because: ${status.reason}: ${status.message}`,
  );
}

function referencePicture(
  claimRef: PersistentVolume['spec']['claimRef'],
  claims: readonly PersistentVolumeClaim[],
): string | undefined {
  if (!claimRef) return undefined;
  if (!claimRef.uid) return `for ${claimRef.name}`;
  const exists = claims.some(({ metadata }) => metadata.uid === claimRef.uid && metadata.name === claimRef.name);
  return exists ? `to ${claimRef.name}` : `to gone ${claimRef.name}`;
}

export function claimPicture({ metadata, spec, status }: PersistentVolumeClaim): string {
  const completed = metadata.annotations?.[bindCompleted] !== undefined;
  return words(
    metadata.name,
    status?.phase ?? 'Pending',
    spec.volumeName ? `on ${shortName(spec.volumeName)}` : completed && 'on nothing',
    metadata.annotations?.[boundByController] !== undefined && '(controller)',
    Boolean(spec.volumeName) && !completed && 'incomplete',
    metadata.deletionTimestamp !== undefined && 'terminating',
    status?.capacity?.storage,
  );
}
