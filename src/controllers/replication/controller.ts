/** The ReplicationController controller: a ReplicaSet by its older name, with a selector that is a plain map. */
import { type ReplicationController, replicationControllers } from '../../api/index.ts';
import type { ControllerOptions } from '../common/start-controller.ts';
import { startReplicaController } from '../replicaset/controller.ts';
import type { ReplicaKind } from '../replicaset/replica-kind.ts';

/** The name that its events carry. */
export const replicationControllerName = 'replication-controller';

const replicationKind: ReplicaKind<ReplicationController> = {
  type: replicationControllers,
  controllerName: replicationControllerName,
  selectorOf: ({ spec: { selector = {} } }) =>
    Object.keys(selector).length > 0 ? { matchLabels: selector } : undefined,
  countsTerminating: false,
};

export function startReplicationController(options: ControllerOptions): AsyncDisposable {
  return startReplicaController(replicationKind, options);
}
