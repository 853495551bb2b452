export { type Cluster, type Services, startCluster } from './cluster.ts';
export { type ClusterOptions, parseUpFlags, type UpFlags } from './options.ts';
export { runUp } from './run-up.ts';
