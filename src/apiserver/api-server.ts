/**
 * The API server of one process: wires the registry, admission, authorization and the store into a pipeline, and
 * hands out transports into it. Over HTTPS it is served by listen().
 */
import { builtInResources, type Identity, type ResourceType, type Transport } from '../api/index.ts';
import type { Clock, Logger, Random } from '../base/index.ts';
import { AdmissionChain, type AdmissionPlugin } from './admission/admission.ts';
import { defaultPlugins } from './admission/default-plugins.ts';
import { type Authorizer, allowAll } from './auth/authorizer.ts';
import type { ServerContext } from './pipeline/context.ts';
import { ObjectReader } from './registry/object-reader.ts';
import { createRegistry } from './registry/strategies.ts';
import { RequestPipeline } from './request-pipeline.ts';
import type { Store } from './store/store.ts';
import { builtInSubresources } from './subresources/built-in.ts';
import { Watches } from './watch/watches.ts';

export interface ApiServerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The kinds to serve; all built-in ones when left out. */
  readonly resources?: readonly ResourceType[];
  readonly authorizer?: Authorizer;
  /** Run after the built-in plugins. */
  readonly plugins?: readonly AdmissionPlugin[];
  readonly mountServiceAccountTokens?: boolean;
}

export interface ApiServer extends AsyncDisposable {
  /** The way in for components of this process. Everything that HTTP clients get, without the text. */
  transport(identity: Identity): Transport;
}

const continueKeyBytes = 32;

/** Does not own the store: who opened it closes it, after the server. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, clock, random, logger } = options;
  const reader = new ObjectReader(store);
  const mountServiceAccountTokens = options.mountServiceAccountTokens ?? true;
  const plugins = [...defaultPlugins({ reader, random, mountServiceAccountTokens }), ...(options.plugins ?? [])];
  const context: ServerContext = {
    store,
    clock,
    random,
    logger,
    registry: createRegistry(options.resources ?? builtInResources),
    admission: new AdmissionChain(plugins),
    authorizer: options.authorizer ?? allowAll,
    subresources: builtInSubresources,
    continueKey: random.bytes(continueKeyBytes),
  };
  const watches = new Watches(clock);
  const pipeline = new RequestPipeline(context, watches);
  return {
    transport: (identity) => pipeline.transport(identity),
    async [Symbol.asyncDispose]() {
      watches[Symbol.dispose]();
    },
  };
}
