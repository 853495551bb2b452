import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../../api/index.ts';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Registry } from '../registry/registry.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import type { KubeletProxy } from './kubelet-proxy.ts';
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
}

/** One HTTP request, authenticated and taken apart. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly identity: Identity;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
}
