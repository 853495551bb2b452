import type { Clock, Random } from '../../base/index.ts';
import type { RbacAuthorizer } from '../auth/rbac.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { Store } from '../store/store.ts';
import type { AdmissionPlugin } from './admission.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { resourceQuota } from './resource-quota.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';

export interface PluginOptions {
  readonly reader: ObjectReader;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether pods are given their service account's token. */
  readonly mountServiceAccountTokens: boolean;
  /** Undefined where permissions are not a matter of roles. */
  readonly rbac: RbacAuthorizer | undefined;
}

/** The plugins in upstream's order. */
export function defaultPlugins(options: PluginOptions): AdmissionPlugin[] {
  const { reader, store, clock, random, rbac, mountServiceAccountTokens } = options;
  return [
    namespaceLifecycle(reader),
    limitRanger(reader),
    ...(mountServiceAccountTokens ? [serviceAccount(reader, random)] : []),
    priority(reader),
    defaultTolerationSeconds,
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(reader),
    ...(rbac ? [rbacEscalation({ reader, rbac })] : []),
    resourceQuota({ store, clock }),
  ];
}
