/** The node agent: pods as containers with their volumes, on one node. */
export { type Kubelet, type KubeletOptions, startKubelet } from './kubelet.ts';
export { createProcessRuntime, type ProcessRuntimeOptions } from './runtime/process/process-runtime.ts';
export type { ContainerRuntime } from './runtime/runtime.ts';
export type { ServerTls } from './server/kubelet-server.ts';
