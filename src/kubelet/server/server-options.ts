import type { Pod } from '../../api/index.ts';
import type { Clock, Fs, Logger } from '../../base/index.ts';
import type { ContainerRecord, ContainerRuntime } from '../runtime/runtime.ts';
import type { ContainerQuery } from './routes.ts';

export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Clients must present a certificate of this authority. */
  readonly ca: string;
}

export interface KubeletServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: ServerTls;
  readonly runtime: ContainerRuntime;
  /** The newest instance of a container; undefined when there is none. */
  readonly findContainer: (query: ContainerQuery) => ContainerRecord | undefined;
  /** Where connections to a pod's port go; undefined when there is no such pod. */
  readonly findPodIp: (namespace: string, podName: string) => string | undefined;
  readonly listPods: () => readonly Pod[];
  readonly clock: Clock;
  readonly fs: Fs;
  readonly logger: Logger;
}
