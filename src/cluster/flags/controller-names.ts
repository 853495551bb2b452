/** Which controllers `--controllers` chooses. Upstream: cmd/kube-controller-manager/names, controller-manager/app/helper.go. */
import { UsageError } from '../../base/index.ts';

/** Controllers of upstream that are not part of Stowage, so that naming them is no mistake. */
const elsewhere = [
  'bootstrap-signer-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'certificatesigningrequest-signing-controller',
  'cloud-node-lifecycle-controller',
  'clusterrole-aggregation-controller',
  'device-taint-eviction-controller',
  'disruption-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'endpointslice-mirroring-controller',
  'horizontal-pod-autoscaler-controller',
  'kube-apiserver-serving-clustertrustbundle-publisher-controller',
  'legacy-serviceaccount-token-cleaner-controller',
  'node-ipam-controller',
  'node-route-controller',
  'podcertificaterequest-cleaner-controller',
  'resourceclaim-controller',
  'selinux-warning-controller',
  'service-cidr-controller',
  'service-lb-controller',
  'storage-version-migrator-controller',
  'storageversion-garbage-collector-controller',
  'token-cleaner-controller',
  'ttl-after-finished-controller',
  'ttl-controller',
  'validatingadmissionpolicy-status-controller',
];

/** Names of before 1.28, which upstream still takes. */
const aliases: Readonly<Record<string, string>> = {
  attachdetach: 'persistentvolume-attach-detach-controller',
  bootstrapsigner: 'bootstrap-signer-controller',
  'cloud-node-lifecycle': 'cloud-node-lifecycle-controller',
  'clusterrole-aggregation': 'clusterrole-aggregation-controller',
  cronjob: 'cronjob-controller',
  csrapproving: 'certificatesigningrequest-approving-controller',
  csrcleaner: 'certificatesigningrequest-cleaner-controller',
  csrsigning: 'certificatesigningrequest-signing-controller',
  daemonset: 'daemonset-controller',
  deployment: 'deployment-controller',
  disruption: 'disruption-controller',
  endpoint: 'endpoints-controller',
  endpointslice: 'endpointslice-controller',
  endpointslicemirroring: 'endpointslice-mirroring-controller',
  'ephemeral-volume': 'ephemeral-volume-controller',
  garbagecollector: 'garbage-collector-controller',
  horizontalpodautoscaling: 'horizontal-pod-autoscaler-controller',
  job: 'job-controller',
  'legacy-service-account-token-cleaner': 'legacy-serviceaccount-token-cleaner-controller',
  namespace: 'namespace-controller',
  nodeipam: 'node-ipam-controller',
  nodelifecycle: 'node-lifecycle-controller',
  'persistentvolume-binder': 'persistentvolume-binder-controller',
  'persistentvolume-expander': 'persistentvolume-expander-controller',
  podgc: 'pod-garbage-collector-controller',
  'pv-protection': 'persistentvolume-protection-controller',
  'pvc-protection': 'persistentvolumeclaim-protection-controller',
  replicaset: 'replicaset-controller',
  replicationcontroller: 'replicationcontroller-controller',
  'resource-claim-controller': 'resourceclaim-controller',
  resourcequota: 'resourcequota-controller',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher-controller',
  route: 'node-route-controller',
  service: 'service-lb-controller',
  serviceaccount: 'serviceaccount-controller',
  'serviceaccount-token': 'serviceaccount-token-controller',
  statefulset: 'statefulset-controller',
  'storage-version-gc': 'storageversion-garbage-collector-controller',
  tokencleaner: 'token-cleaner-controller',
  ttl: 'ttl-controller',
  'ttl-after-finished': 'ttl-after-finished-controller',
};

export interface ControllerChoice {
  /** Those of Stowage that run. */
  readonly enabled: ReadonlySet<string>;
  /** Those of upstream that were asked for by name and are not part of Stowage. */
  readonly missing: readonly string[];
}

/** Of two entries about one controller the first counts. Throws a UsageError for a name that upstream has not either. */
export function chooseControllers(chosen: readonly string[], own: readonly string[]): ControllerChoice {
  const known = new Set([...own, ...elsewhere]);
  const wanted = new Map<string, boolean>();
  for (const entry of chosen) {
    if (entry === '*') continue;
    const isOff = entry.startsWith('-');
    const given = isOff ? entry.slice(1) : entry;
    const name = aliases[given] ?? given;
    if (!known.has(name)) throw new UsageError(`--controllers: "${given}" is not a known controller`);
    if (!wanted.has(name)) wanted.set(name, !isOff);
  }
  const all = chosen.includes('*');
  return {
    enabled: new Set(own.filter((name) => wanted.get(name) ?? all)),
    missing: elsewhere.filter((name) => wanted.get(name) === true),
  };
}
