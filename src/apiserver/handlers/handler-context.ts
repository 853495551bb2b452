import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Registry } from '../registry/registry.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import type { KubeletProxy } from './kubelet-proxy.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { SystemPaths } from './system-paths.ts';

/** What serving HTTP needs of the server. */
export interface HandlerContext {
  readonly pipeline: RequestPipeline;
  readonly registry: Registry;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly systemPaths: SystemPaths;
  readonly kubelets: KubeletProxy;
  readonly metrics: RequestMetrics;
}
