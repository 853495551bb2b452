/** What an operator may set about the controllers, complete: what no flag says has its default here. */
import { concurrencyFlags, controllerManagerFlags } from './flags/controller-manager-flags.ts';
import type { FeatureGates } from './flags/feature-gates.ts';
import { type FlagValues, readFlags } from './flags/flag-table.ts';

export interface RecyclerSettings {
  /** The file of the pod that does it; '' for the built-in one. */
  readonly podTemplateFile: string;
  readonly minimumTimeoutSeconds: number;
  /** For each Gi of the volume. */
  readonly timeoutIncrementSeconds: number;
}

export interface ControllerSettings {
  readonly binder: {
    readonly syncPeriodMs: number;
    readonly dynamicProvisioning: boolean;
    readonly hostPathProvisioner: boolean;
    readonly hostPathRecycler: RecyclerSettings;
    readonly nfsRecycler: RecyclerSettings;
  };
  readonly attachDetach: {
    readonly syncPeriodMs: number;
    /** Whether everything is looked at again although nothing changed. */
    readonly reconcileSync: boolean;
    readonly forceDetachOnTimeout: boolean;
  };
  /** Whether claims show since when no pod names them. */
  readonly claimProtection: { readonly tellsUnused: boolean };
  readonly nodeLifecycle: {
    readonly gracePeriodMs: number;
    readonly startupGracePeriodMs: number;
    /** Nodes per second. */
    readonly evictionRate: number;
    readonly secondaryEvictionRate: number;
    readonly largeClusterSize: number;
    readonly unhealthyZoneThreshold: number;
  };
  readonly podGc: { readonly terminatedPodThreshold: number };
  readonly resourceQuota: { readonly syncPeriodMs: number };
  /** Keys worked on at a time, by the name of the controller; the others have more than upstream allows. */
  readonly concurrency: Readonly<Record<string, number>>;
}

export function controllerSettings(flags: FlagValues<typeof controllerManagerFlags>): ControllerSettings {
  return {
    binder: {
      syncPeriodMs: flags['pvclaimbinder-sync-period'],
      dynamicProvisioning: flags['enable-dynamic-provisioning'],
      hostPathProvisioner: flags['enable-hostpath-provisioner'],
      hostPathRecycler: {
        podTemplateFile: flags['pv-recycler-pod-template-filepath-hostpath'],
        minimumTimeoutSeconds: flags['pv-recycler-minimum-timeout-hostpath'],
        timeoutIncrementSeconds: flags['pv-recycler-timeout-increment-hostpath'],
      },
      nfsRecycler: {
        podTemplateFile: flags['pv-recycler-pod-template-filepath-nfs'],
        minimumTimeoutSeconds: flags['pv-recycler-minimum-timeout-nfs'],
        timeoutIncrementSeconds: flags['pv-recycler-increment-timeout-nfs'],
      },
    },
    attachDetach: {
      syncPeriodMs: flags['attach-detach-reconcile-sync-period'],
      reconcileSync: !flags['disable-attach-detach-reconcile-sync'],
      forceDetachOnTimeout: !flags['disable-force-detach-on-timeout'],
    },
    claimProtection: claimProtectionSettings(flags['feature-gates']),
    nodeLifecycle: {
      gracePeriodMs: flags['node-monitor-grace-period'],
      startupGracePeriodMs: flags['node-startup-grace-period'],
      evictionRate: flags['node-eviction-rate'],
      secondaryEvictionRate: flags['secondary-node-eviction-rate'],
      largeClusterSize: flags['large-cluster-size-threshold'],
      unhealthyZoneThreshold: flags['unhealthy-zone-threshold'],
    },
    podGc: { terminatedPodThreshold: flags['terminated-pod-gc-threshold'] },
    resourceQuota: { syncPeriodMs: flags['resource-quota-sync-period'] },
    concurrency: concurrencies(flags),
  };
}

export function claimProtectionSettings(gates: FeatureGates): ControllerSettings['claimProtection'] {
  return { tellsUnused: gates.isEnabled('PersistentVolumeClaimUnusedSinceTime') };
}

/** Those that were given. */
function concurrencies(flags: FlagValues<typeof controllerManagerFlags>): Readonly<Record<string, number>> {
  const numbers: Readonly<Record<string, unknown>> = flags;
  return Object.fromEntries(
    Object.entries(concurrencyFlags).flatMap(([flag, controller]) => {
      const number = Number(numbers[flag]);
      return number > 0 ? [[controller, number]] : [];
    }),
  );
}

export const defaultControllerSettings: ControllerSettings = controllerSettings(
  readFlags(controllerManagerFlags, new Map()),
);
