import type { Random } from '../../base/index.ts';
import type { RbacAuthorizer } from '../auth/rbac.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';

export interface PluginOptions {
  readonly reader: ObjectReader;
  readonly random: Random;
  /** Whether pods are given their service account's token. */
  readonly mountServiceAccountTokens: boolean;
  /** Undefined where permissions are not a matter of roles. */
  readonly rbac: RbacAuthorizer | undefined;
}

/** The plugins in upstream's order. */
export function defaultPlugins({ reader, random, rbac, mountServiceAccountTokens }: PluginOptions): AdmissionPlugin[] {
  return [
    namespaceLifecycle(reader),
    ...(mountServiceAccountTokens ? [serviceAccount(reader, random)] : []),
    priority(reader),
    defaultTolerationSeconds,
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(reader),
    ...(rbac ? [rbacEscalation({ reader, rbac })] : []),
  ];
}
