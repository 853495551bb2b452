export { type CallOptions, type Client, type ClientOptions, createClient, type SubresourceOptions } from './client.ts';
export { discoverNamespacedTypes, discoverWatchableTypes, type GetDocument, type WatchableTypes } from './discovery.ts';
export { createEventRecorder, type EventRecorderOptions } from './event-recorder.ts';
export type { EventRecorder } from './events.ts';
export { createHttpTransport, type HttpTransportOptions, type ServerConnection } from './http-transport.ts';
export { ifFound } from './if-found.ts';
export { type InClusterOptions, inClusterConnection } from './in-cluster.ts';
export type { Informer, InformerFactory, InformerOptions, Lister, ResourceEventHandler } from './informer.ts';
export { createInformerFactory, type InformerFactoryOptions } from './informer-factory.ts';
export { type KubeconfigConnection, type KubeconfigOptions, loadKubeconfig } from './kubeconfig.ts';
export { type LeaderElectionOptions, type LeadershipEnd, runAsLeader } from './leader-election.ts';
export {
  done,
  type Reconcile,
  type ReconcileResult,
  requeueAfter,
  type WorkQueue,
} from './reconciler.ts';
export { type ReconcileOutcome, type ReconcilerOptions, runReconciler } from './run-reconciler.ts';
export type { BucketOptions } from './token-bucket.ts';
export { untilServed } from './until-served.ts';
