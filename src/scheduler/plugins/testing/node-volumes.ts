import type { Node } from '../../../api/index.ts';
import type { CycleState } from '../../framework/plugin.ts';
import type { NodeVolumes } from '../volume-binding/find-volumes.ts';

/** What VolumeBinding would do for the pod on a node: `claim=volume` to bind, `claim` to provision. */
export function plannedOn(state: CycleState, node: Pick<Node, 'metadata'>): readonly string[] {
  const found = state.read<{ byNode: Map<string, NodeVolumes> }>('VolumeBinding')?.byNode.get(node.metadata.name);
  const bindings = found?.bindings.map(({ claim, volume }) => `${claim.metadata.name}=${volume.metadata.name}`) ?? [];
  return [...bindings, ...(found?.provisions.map(({ claim }) => claim.metadata.name) ?? [])];
}
