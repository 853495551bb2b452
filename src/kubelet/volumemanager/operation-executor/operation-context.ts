import type { KubernetesObject, Node } from '../../../api/index.ts';
import type { Clock, Fs, Logger } from '../../../base/index.ts';
import type { Client } from '../../../client/index.ts';
import type { Mounter } from '../../../mount/index.ts';
import type { ActualStateOfWorld } from '../cache/actual-state-of-world.ts';

/** What volume operations work with. They read what is desired from their arguments and write the actual state. */
export interface OperationContext {
  readonly actual: ActualStateOfWorld;
  readonly client: Client;
  readonly nodeName: string;
  readonly rootDir: string;
  /** This node as last seen; undefined before it was. */
  readonly findNode: () => Node | undefined;
  /** False: the controller keeps its hands off this node. */
  readonly controllerAttachDetach?: boolean;
  readonly mounter: Mounter;
  readonly fs: Fs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recordEvent: (object: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string) => void;
}
