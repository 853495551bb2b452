import type { PersistentVolume } from '../gen/core.v1.gen.ts';
import { change, fill } from './fill.ts';
import { defaultAzureDisk, defaultHostPath, defaultIscsi, defaultRbd, defaultScaleIo } from './volumes.ts';

export function defaultPersistentVolume(volume: PersistentVolume): PersistentVolume {
  let spec = fill(volume.spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
  spec = change(spec, 'hostPath', defaultHostPath);
  spec = change(spec, 'iscsi', (source) => defaultIscsi(source));
  spec = change(spec, 'rbd', (source) => defaultRbd(source));
  spec = change(spec, 'azureDisk', defaultAzureDisk);
  spec = change(spec, 'scaleIO', (source) => defaultScaleIo(source));
  return { ...volume, spec, status: fill(volume.status ?? {}, { phase: 'Pending' }) };
}
