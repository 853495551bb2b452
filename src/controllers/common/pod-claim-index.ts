import type { Pod } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';
import { podClaims } from '../../component-helpers/index.ts';

const indexName = 'controllers/claim';

/** Makes `podsUsingClaim` work on the informer. */
export function addPodClaimIndex(pods: Informer<Pod>): void {
  pods.addIndex(indexName, (pod) => podClaims(pod).map(({ claimName }) => `${pod.metadata.namespace}/${claimName}`));
}

/** The pods whose volumes name the claim, ephemeral volumes included. The key is `namespace/name`. */
export function podsUsingClaim(pods: Informer<Pod>, claimKey: string): readonly Pod[] {
  return pods.byIndex(indexName, claimKey);
}
