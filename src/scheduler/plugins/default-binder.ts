import { type Binding, pods } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import type { Plugin } from '../framework/plugin.ts';

/** Writes the pod's node through the binding subresource. */
export function createDefaultBinder(client: Client): Plugin {
  return {
    name: 'DefaultBinder',
    events: [],
    bind: async (_state, pod, node, signal) => {
      const { namespace, name, uid } = pod.metadata;
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { namespace, name, uid },
        target: { kind: 'Node', name: node.metadata.name },
      } satisfies Omit<Binding, 'metadata'> & { metadata: object };
      await client.createSubresource(pods, pod.metadata, 'binding', binding, { signal });
    },
  };
}
