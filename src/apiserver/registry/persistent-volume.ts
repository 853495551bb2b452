/** Upstream: registry/core/persistentvolume/strategy.go. */
import type { PersistentVolume } from '../../api/index.ts';
import type { Strategy } from './strategy.ts';

export const persistentVolumeStrategy: Strategy<PersistentVolume> = {
  returnsDeletedObject: true,
  initialStatus: (_volume, { now }) => ({ phase: 'Pending', lastPhaseTransitionTime: now }),
  prepareForStatusUpdate(volume, previous, { now }) {
    const before = previous.status?.lastPhaseTransitionTime;
    const given = volume.status?.lastPhaseTransitionTime;
    const isSamePhase = volume.status?.phase === previous.status?.phase;
    if (isSamePhase && (given !== undefined || before === undefined)) return volume;
    if (!isSamePhase && given !== undefined && given !== before) return volume;
    const time = isSamePhase ? before : now;
    return time === undefined ? volume : { ...volume, status: { ...volume.status, lastPhaseTransitionTime: time } };
  },
};
