export { type Cluster, type Services, startCluster } from './cluster.ts';
export { type ClusterOptions, parseUpFlags, type Surroundings, type UpFlags } from './options.ts';
export { runApiserver } from './roles/apiserver.ts';
export { type ControllerManagerFlags, runControllerManager } from './roles/controller-manager.ts';
export { type CsiSidecarFlags, runCsiSidecar } from './roles/csi-sidecar.ts';
export { type KubeletFlags, runKubelet } from './roles/kubelet.ts';
export type { RoleFlags } from './roles/role.ts';
export { runScheduler } from './roles/scheduler.ts';
export { runUp } from './run-up.ts';
