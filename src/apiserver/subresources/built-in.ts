import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import type { SubresourceHandler } from '../pipeline/context.ts';
import { namespaceFinalizeHandler } from './namespace-finalize.ts';
import { podBindingHandler } from './pod-binding.ts';
import { podEvictionHandler } from './pod-eviction.ts';
import { scaleHandler } from './scale.ts';
import { serviceAccountTokenHandler } from './service-account-token.ts';

/** By `<resource>/<subresource>`. */
export function builtInSubresources(tokens: ServiceAccountTokens): ReadonlyMap<string, SubresourceHandler> {
  return new Map([
    ['pods/binding', podBindingHandler],
    ['pods/eviction', podEvictionHandler],
    ['namespaces/finalize', namespaceFinalizeHandler],
    ['serviceaccounts/token', serviceAccountTokenHandler(tokens)],
    ['deployments.apps/scale', scaleHandler],
    ['statefulsets.apps/scale', scaleHandler],
    ['replicasets.apps/scale', scaleHandler],
    ['replicationcontrollers/scale', scaleHandler],
  ]);
}
