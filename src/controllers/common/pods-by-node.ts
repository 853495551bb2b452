import type { Pod } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';

const indexName = 'controllers/node';

/** Makes `podsOnNode` work on the informer. */
export function addPodNodeIndex(pods: Informer<Pod>): void {
  pods.addIndex(indexName, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
}

export function podsOnNode(pods: Informer<Pod>, nodeName: string): readonly Pod[] {
  return pods.byIndex(indexName, nodeName);
}
