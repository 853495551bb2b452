/**
 * What becomes of storage whose object goes and which stays: nothing in the API names it from then on. It is written
 * down, once, for whoever has to find it.
 */
import type { PersistentVolume } from '../../api/index.ts';
import type { Logger } from '../../base/index.ts';
import type { EventRecorder, Informer } from '../../client/index.ts';
import { annDynamicallyProvisioned, annMigratedTo, findCsiSource } from '../../component-helpers/index.ts';

export interface RetainedVolumesOptions {
  readonly volumes: Informer<PersistentVolume>;
  readonly driver: string;
  /** Of several provisioners one tells. */
  readonly isOwn: (volume: PersistentVolume) => boolean;
  readonly recorder: EventRecorder;
  readonly logger: Logger;
}

export function tellRetainedVolumes({ volumes, driver, isOwn, recorder, logger }: RetainedVolumesOptions): void {
  volumes.addHandler({
    onDelete: (volume) => {
      const { annotations, name } = volume.metadata;
      const source = findCsiSource(volume);
      const isOurs = [annotations?.[annDynamicallyProvisioned], annotations?.[annMigratedTo]].includes(driver);
      if (!isOurs || source?.driver !== driver || !isOwn(volume)) return;
      if (volume.spec.persistentVolumeReclaimPolicy === 'Delete') return;
      const { volumeHandle } = source;
      const message = `The volume "${volumeHandle}" of driver ${driver} is retained: no PersistentVolume names it any more`;
      recorder.event(volume, 'Normal', 'VolumeRetained', message);
      const { claimRef } = volume.spec;
      logger.info('volume is retained without its object', {
        volume: name,
        volumeHandle,
        claim: claimRef && `${claimRef.namespace}/${claimRef.name}`,
      });
    },
  });
}
