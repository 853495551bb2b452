import { fitMessage } from '../framework/fit-error.ts';
import { NodeStatuses } from '../framework/node-statuses.ts';
import type { Plugin } from '../framework/plugin.ts';
import { unresolvable, unschedulable } from '../framework/status.ts';

const unhelpful = unresolvable('Preemption is not helpful for scheduling');
const noVictims = unresolvable('No preemption victims found for incoming pod');

/** Says where removing less important pods would not help. */
export const defaultPreemption: Plugin = {
  name: 'DefaultPreemption',
  events: [],
  postFilter: (_state, _pod, statuses, { nodes }) => {
    const answers = new NodeStatuses(unhelpful);
    for (const { name } of statuses.unschedulable(nodes)) answers.set(name, noVictims);
    const message = fitMessage({ nodeCount: nodes.length, statuses: answers, plugins: new Set() });
    return { status: unschedulable(`preemption: ${message}`), nominatedNodeName: '' };
  },
};
