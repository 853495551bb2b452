import type {
  AzureDiskVolumeSource,
  DownwardAPIVolumeFile,
  EphemeralVolumeSource,
  HostPathVolumeSource,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../gen/core.v1.gen.ts';
import { defaultClaimSpec } from './claims.ts';
import { change, changeEach, fill } from './fill.ts';
import { defaultPullPolicy } from './image.ts';

const defaultFileMode = 0o644;
const defaultTokenSeconds = 3600;
const defaultCertificateSeconds = 86_400;

export function defaultHostPath(source: HostPathVolumeSource): HostPathVolumeSource {
  return fill(source, { type: '' });
}

export function defaultIscsi<T extends { readonly iscsiInterface?: string }>(source: T): T {
  return fill<{ readonly iscsiInterface?: string }>(source, { iscsiInterface: 'default' }) as T;
}

interface RbdDefaults {
  readonly pool?: string;
  readonly user?: string;
  readonly keyring?: string;
}

export function defaultRbd<T extends RbdDefaults>(source: T): T {
  return fill<RbdDefaults>(source, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }) as T;
}

export function defaultAzureDisk(source: AzureDiskVolumeSource): AzureDiskVolumeSource {
  return fill(source, { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false });
}

interface ScaleIoDefaults {
  readonly storageMode?: string;
  readonly fsType?: string;
}

export function defaultScaleIo<T extends ScaleIoDefaults>(source: T): T {
  return fill<ScaleIoDefaults>(source, { storageMode: 'ThinProvisioned', fsType: 'xfs' }) as T;
}

function defaultDownwardFile(file: DownwardAPIVolumeFile): DownwardAPIVolumeFile {
  return change(file, 'fieldRef', (fieldRef) => fill(fieldRef, { apiVersion: 'v1' }));
}

function defaultProjection(projection: VolumeProjection): VolumeProjection {
  let result = change(projection, 'downwardAPI', (source) => changeEach(source, 'items', defaultDownwardFile));
  result = change(result, 'serviceAccountToken', (source) => fill(source, { expirationSeconds: defaultTokenSeconds }));
  return change(result, 'podCertificate', (source) =>
    fill(source, { maxExpirationSeconds: defaultCertificateSeconds }),
  );
}

function defaultProjected(source: ProjectedVolumeSource): ProjectedVolumeSource {
  return changeEach(fill(source, { defaultMode: defaultFileMode }), 'sources', defaultProjection);
}

function defaultEphemeral(source: EphemeralVolumeSource): EphemeralVolumeSource {
  return change(source, 'volumeClaimTemplate', (template) => change(template, 'spec', defaultClaimSpec));
}

function hasSource(volume: Volume): boolean {
  return Object.entries(volume).some(([key, value]) => key !== 'name' && value !== undefined);
}

/** A pod's volume. One without a source becomes an emptyDir. */
export function defaultVolume(volume: Volume): Volume {
  let result = hasSource(volume) ? volume : { ...volume, emptyDir: {} };
  result = change(result, 'secret', (source) => fill(source, { defaultMode: defaultFileMode }));
  result = change(result, 'configMap', (source) => fill(source, { defaultMode: defaultFileMode }));
  result = change(result, 'downwardAPI', (source) =>
    changeEach(fill(source, { defaultMode: defaultFileMode }), 'items', defaultDownwardFile),
  );
  result = change(result, 'projected', defaultProjected);
  result = change(result, 'hostPath', defaultHostPath);
  result = change(result, 'iscsi', (source) => defaultIscsi(source));
  result = change(result, 'rbd', (source) => defaultRbd(source));
  result = change(result, 'azureDisk', defaultAzureDisk);
  result = change(result, 'scaleIO', (source) => defaultScaleIo(source));
  result = change(result, 'image', (source) =>
    source.reference ? fill(source, { pullPolicy: defaultPullPolicy(source.reference) }) : source,
  );
  return change(result, 'ephemeral', defaultEphemeral);
}
