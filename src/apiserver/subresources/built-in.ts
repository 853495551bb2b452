import type { SubresourceHandler } from '../pipeline/subresource.ts';
import { namespaceFinalizeHandler } from './namespace-finalize.ts';
import { podBindingHandler } from './pod-binding.ts';
import { scaleHandler } from './scale.ts';

/** By `<resource>/<subresource>`. */
export const builtInSubresources: ReadonlyMap<string, SubresourceHandler> = new Map([
  ['pods/binding', podBindingHandler],
  ['namespaces/finalize', namespaceFinalizeHandler],
  ['deployments.apps/scale', scaleHandler],
  ['statefulsets.apps/scale', scaleHandler],
  ['replicasets.apps/scale', scaleHandler],
  ['replicationcontrollers/scale', scaleHandler],
]);
