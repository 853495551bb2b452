import type { Plugin } from '../framework/plugin.ts';

/** Takes pods by priority, then in the order in which they came. */
export const prioritySort: Plugin = {
  name: 'PrioritySort',
  events: [],
  compare: (a, b) => (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0) || a.sinceMs - b.sinceMs,
};
