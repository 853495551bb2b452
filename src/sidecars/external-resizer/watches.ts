/** What wakes a claim: changes that may make its volume grow or get another class. */
import {
  keyOf,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttributesClasses,
} from '../../api/index.ts';
import type { InformerFactory, WorkQueue } from '../../client/index.ts';
import {
  annPreResizeCapacity,
  annStorageResizer,
  claimWantsMore,
  isPodTerminated,
  podClaims,
} from '../../component-helpers/index.ts';
import type { ResizerContext } from './context.ts';

const claimsByAttributesClass = 'external-resizer/attributes-class';

export function watchSizes(informers: InformerFactory, { memory, volumes }: ResizerContext, queue: WorkQueue): void {
  const claims = informers.informer(persistentVolumeClaims);
  /** Claims at rest are told by a look at a few fields: there may be very many. */
  const isConcerned = (claim: PersistentVolumeClaim) =>
    claimWantsMore(claim) ||
    volumes.get(claim.spec.volumeName ?? '')?.metadata.annotations?.[annPreResizeCapacity] !== undefined;
  claims.addHandler({
    onAdd: (claim) => {
      if (isConcerned(claim)) queue.add(keyOf(claim));
    },
    onUpdate: (previous, claim) => {
      if (isConcerned(claim) && concernsResizing(previous, claim)) queue.add(keyOf(claim));
    },
  });
  informers.informer(persistentVolumes).addHandler({
    // Whichever of volume and claim is heard of last wakes the claim.
    onAdd: ({ spec }) => {
      const claim = claims.get(`${spec.claimRef?.namespace}/${spec.claimRef?.name}`);
      if (claim && isConcerned(claim)) queue.add(keyOf(claim));
    },
    onUpdate: (previous, { spec, metadata }) => {
      const hasNote = metadata.annotations?.[annPreResizeCapacity] !== undefined;
      if (!hasNote && previous.spec.claimRef?.uid === spec.claimRef?.uid) return;
      const claim = claims.get(`${spec.claimRef?.namespace}/${spec.claimRef?.name}`);
      if (claim && !claimWantsMore(claim) && hasNote) queue.add(keyOf(claim));
    },
  });
  const wakeRefused = (pod: Pod) => {
    for (const { claimName } of podClaims(pod)) {
      const key = `${pod.metadata.namespace}/${claimName}`;
      if (memory.refusedInUse.has(key)) queue.add(key);
    }
  };
  informers.informer(pods).addHandler({
    onUpdate: (previous, pod) => {
      if (isPodTerminated(pod) && !isPodTerminated(previous)) wakeRefused(pod);
    },
    onDelete: wakeRefused,
  });
}

/** Our own marks must not bring a claim back before its back-off has passed. */
function concernsResizing(previous: PersistentVolumeClaim, current: PersistentVolumeClaim): boolean {
  return (
    previous.spec.resources?.requests?.storage !== current.spec.resources?.requests?.storage ||
    previous.spec.volumeName !== current.spec.volumeName ||
    previous.status?.phase !== current.status?.phase ||
    previous.status?.capacity?.storage !== current.status?.capacity?.storage ||
    previous.metadata.annotations?.[annStorageResizer] !== current.metadata.annotations?.[annStorageResizer] ||
    // The node found the size infeasible: the controller decides what becomes of it.
    current.status?.allocatedResourceStatuses?.storage === 'NodeResizeInfeasible'
  );
}

export function watchClasses(informers: InformerFactory, queue: WorkQueue): void {
  const claims = informers.informer(persistentVolumeClaims);
  claims.addIndex(claimsByAttributesClass, ({ spec }) =>
    spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [],
  );
  claims.addHandler({
    onAdd: (claim) => {
      if (concernsClasses(claim)) queue.add(keyOf(claim));
    },
    onUpdate: (previous, claim) => {
      const isAskedAnew =
        previous.spec.volumeAttributesClassName !== claim.spec.volumeAttributesClassName ||
        previous.status?.phase !== claim.status?.phase ||
        previous.status?.currentVolumeAttributesClassName !== claim.status?.currentVolumeAttributesClassName;
      if (isAskedAnew && concernsClasses(claim)) queue.add(keyOf(claim));
    },
  });
  informers.informer(persistentVolumes).addHandler({
    onAdd: ({ spec }) => {
      const claim = claims.get(`${spec.claimRef?.namespace}/${spec.claimRef?.name}`);
      if (claim && concernsClasses(claim)) queue.add(keyOf(claim));
    },
  });
  informers.informer(volumeAttributesClasses).addHandler({
    onAdd: ({ metadata }) => {
      for (const claim of claims.byIndex(claimsByAttributesClass, metadata.name)) queue.add(keyOf(claim));
    },
  });
}

function concernsClasses({ spec, status }: PersistentVolumeClaim): boolean {
  const isWanted = (spec.volumeAttributesClassName ?? '') !== (status?.currentVolumeAttributesClassName ?? '');
  return isWanted || status?.modifyVolumeStatus !== undefined;
}
