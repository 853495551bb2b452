import type { Random } from '../../base/index.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';

export interface PluginOptions {
  readonly reader: ObjectReader;
  readonly random: Random;
  /** Whether pods are given their service account's token. */
  readonly mountServiceAccountTokens: boolean;
}

/** The plugins in upstream's order. */
export function defaultPlugins({ reader, random, mountServiceAccountTokens }: PluginOptions): AdmissionPlugin[] {
  return [
    namespaceLifecycle(reader),
    ...(mountServiceAccountTokens ? [serviceAccount(reader, random)] : []),
    priority(reader),
    defaultTolerationSeconds,
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(reader),
  ];
}
