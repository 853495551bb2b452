import { on, type Plugin } from '../framework/plugin.ts';
import { success, unresolvable } from '../framework/status.ts';

const refused = unresolvable("node(s) didn't match the requested node name");

/** Keeps a pod that names its node to that node. */
export const nodeName: Plugin = {
  name: 'NodeName',
  events: on(['NodeAdd']),
  filter: (_state, pod, node) => (!pod.spec.nodeName || pod.spec.nodeName === node.name ? success : refused),
};
