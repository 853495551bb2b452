/** The flags of `stowage controller-manager`: those of kube-controller-manager. */
import { defaultFlexVolumeDir } from '../../volume-plugins/index.ts';
import {
  connectionFlags,
  gatesFlag,
  idleCommonFlags,
  leaderElectionFlags,
  loggingFlags,
  servingFlags,
} from './common-flags.ts';
import { bool, duration, type FlagTable, file, type IdleFlags, integer, list, number, text } from './flag-table.ts';

const volumeFlags = {
  'pvclaimbinder-sync-period': duration('15s', 'how often volumes and claims are looked at again', { above: 0 }),
  'enable-dynamic-provisioning': bool(true, 'make volumes for claims'),
  'enable-hostpath-provisioner': bool(false, 'make hostPath volumes for claims of kubernetes.io/host-path: for tests'),
  'pv-recycler-pod-template-filepath-hostpath': file('the pod that empties a hostPath volume'),
  'pv-recycler-minimum-timeout-hostpath': integer(60, 'seconds that it may take at least'),
  'pv-recycler-timeout-increment-hostpath': integer(30, 'seconds more for each Gi'),
  'pv-recycler-pod-template-filepath-nfs': file('the pod that empties an NFS volume'),
  'pv-recycler-minimum-timeout-nfs': integer(300, 'seconds that it may take at least'),
  'pv-recycler-increment-timeout-nfs': integer(30, 'seconds more for each Gi'),
  'flex-volume-plugin-dir': text(defaultFlexVolumeDir, 'where FlexVolume drivers are installed'),
  'attach-detach-reconcile-sync-period': duration('1m', 'how often attachments are looked at again', { atLeast: 1000 }),
  'disable-attach-detach-reconcile-sync': bool(false, 'look at attachments only when something changed'),
  'disable-force-detach-on-timeout': bool(
    true,
    'never detach from a silent node by time alone; false: after 6 minutes, which can destroy data',
  ),
};

const nodeFlags = {
  'node-monitor-grace-period': duration('50s', 'how long a silent node counts as alive', { above: 0 }),
  'node-startup-grace-period': duration('1m', 'the same for a node that was never ready', { above: 0 }),
  'node-eviction-rate': number(0.1, 'nodes per second that are emptied in a healthy zone'),
  'secondary-node-eviction-rate': number(0.01, 'nodes per second in an unhealthy zone'),
  'large-cluster-size-threshold': integer(50, 'nodes above which an unhealthy zone is emptied at that rate'),
  'unhealthy-zone-threshold': number(0.55, 'the share of nodes not ready that makes a zone unhealthy', {
    atLeast: 0,
    atMost: 1,
  }),
};

/** Which controller each of these flags is about. */
export const concurrencyFlags: Readonly<Record<string, string>> = {
  'concurrent-cron-job-syncs': 'cronjob-controller',
  'concurrent-daemonset-syncs': 'daemonset-controller',
  'concurrent-deployment-syncs': 'deployment-controller',
  'concurrent-endpoint-syncs': 'endpoints-controller',
  'concurrent-ephemeralvolume-syncs': 'ephemeral-volume-controller',
  'concurrent-gc-syncs': 'garbage-collector-controller',
  'concurrent-job-syncs': 'job-controller',
  'concurrent-namespace-syncs': 'namespace-controller',
  'concurrent-rc-syncs': 'replicationcontroller-controller',
  'concurrent-replicaset-syncs': 'replicaset-controller',
  'concurrent-resource-quota-syncs': 'resourcequota-controller',
  'concurrent-service-endpoint-syncs': 'endpointslice-controller',
  'concurrent-serviceaccount-token-syncs': 'serviceaccount-token-controller',
  'concurrent-statefulset-syncs': 'statefulset-controller',
};

const concurrency = (names: readonly string[], help: string): FlagTable =>
  Object.fromEntries(names.map((name) => [name, integer(0, help, { atLeast: 1 })]));

export const controllerManagerFlags = {
  ...connectionFlags,
  ...leaderElectionFlags('kube-controller-manager'),
  ...servingFlags(10_257),
  ...loggingFlags,
  ...gatesFlag,
  ...volumeFlags,
  ...nodeFlags,
  ...concurrency(Object.keys(concurrencyFlags), 'objects of that kind worked on at a time; 0: 32'),
  controllers: list(['*'], 'which to run: * for all that run by default, foo for one, -foo for all but one'),
  'use-service-account-credentials': bool(false, 'each controller uses the service account that upstream gives it'),
  'root-ca-file': file('the authority that is published to every namespace (default: that of the kubeconfig)'),
  'terminated-pod-gc-threshold': integer(12_500, 'ended pods that may stay; 0: any number'),
  'enable-garbage-collector': bool(true, 'delete objects whose owners are gone'),
  'resource-quota-sync-period': duration('5m', 'how often the use of quotas is counted anew', { above: 0 }),
};

export const idleControllerManagerFlags = {
  ...idleCommonFlags,
  'Jobs that have ended are deleted by the controller of Jobs': concurrency(
    ['concurrent-ttl-after-finished-syncs'],
    'ignored',
  ),
  'that controller is not part of Stowage': {
    ...concurrency(
      [
        'concurrent-device-taint-eviction-syncs',
        'concurrent-horizontal-pod-autoscaler-syncs',
        'concurrent-resource-claim-syncs',
        'concurrent-service-syncs',
        'concurrent-validating-admission-policy-status-syncs',
        'mirroring-concurrent-service-endpoint-syncs',
      ],
      'ignored',
    ),
    'allocate-node-cidrs': bool(false, 'ignored'),
    'cidr-allocator-type': text('RangeAllocator', 'ignored'),
    'cluster-cidr': text('', 'ignored'),
    'service-cluster-ip-range': text('', 'ignored'),
    'node-cidr-mask-size': integer(0, 'ignored'),
    'node-cidr-mask-size-ipv4': integer(0, 'ignored'),
    'node-cidr-mask-size-ipv6': integer(0, 'ignored'),
    'cluster-signing-cert-file': file('ignored'),
    'cluster-signing-key-file': file('ignored'),
    'cluster-signing-duration': duration('8760h', 'ignored'),
    'cluster-signing-kube-apiserver-client-cert-file': file('ignored'),
    'cluster-signing-kube-apiserver-client-key-file': file('ignored'),
    'cluster-signing-kubelet-client-cert-file': file('ignored'),
    'cluster-signing-kubelet-client-key-file': file('ignored'),
    'cluster-signing-kubelet-serving-cert-file': file('ignored'),
    'cluster-signing-kubelet-serving-key-file': file('ignored'),
    'cluster-signing-legacy-unknown-cert-file': file('ignored'),
    'cluster-signing-legacy-unknown-key-file': file('ignored'),
    'service-account-private-key-file': file('ignored'),
    'legacy-service-account-token-clean-up-period': duration('8760h', 'ignored'),
    'endpoint-updates-batch-period': duration('0', 'ignored'),
    'endpointslice-updates-batch-period': duration('0', 'ignored'),
    'max-endpoints-per-slice': integer(100, 'ignored'),
    'mirroring-endpointslice-updates-batch-period': duration('0', 'ignored'),
    'mirroring-max-endpoints-per-subset': integer(1000, 'ignored'),
    'horizontal-pod-autoscaler-cpu-initialization-period': duration('5m', 'ignored'),
    'horizontal-pod-autoscaler-downscale-stabilization': duration('5m', 'ignored'),
    'horizontal-pod-autoscaler-initial-readiness-delay': duration('30s', 'ignored'),
    'horizontal-pod-autoscaler-sync-period': duration('15s', 'ignored'),
    'horizontal-pod-autoscaler-tolerance': number(0.1, 'ignored'),
  },
  'there is no cloud provider here': {
    'cloud-config': file('ignored'),
    'cloud-provider': text('', 'ignored'),
    'cluster-name': text('kubernetes', 'ignored'),
    'configure-cloud-routes': bool(true, 'ignored'),
    'external-cloud-volume-plugin': text('', 'ignored'),
    'route-reconciliation-period': duration('10s', 'ignored'),
    'node-sync-period': duration('0', 'ignored'),
    'enable-leader-migration': bool(false, 'ignored'),
    'leader-migration-config': file('ignored'),
  },
  'controllers wake with every change and start at once': {
    'controller-start-interval': duration('0', 'ignored'),
    'min-resync-period': duration('12h', 'ignored'),
    'namespace-sync-period': duration('5m', 'ignored'),
    'node-monitor-period': duration('5s', 'ignored'),
  },
  'upstream has given it up': {
    'volume-host-cidr-denylist': list([], 'ignored'),
    'volume-host-allow-local-loopback': bool(true, 'ignored'),
  },
} satisfies IdleFlags;
