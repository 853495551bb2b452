export {
  type ExtensionPoint,
  extensionPoints,
  isSelected,
  type PluginSelection,
  type PluginSet,
} from './framework/plugin-selection.ts';
export { defaultSchedulerName } from './framework/scheduler-name.ts';
export { pluginPoints } from './plugin-points.ts';
export type { ScoringStrategy } from './plugins/node-resources-score.ts';
export type { PluginArguments } from './plugins/plugin-arguments.ts';
export type { DefaultConstraint } from './plugins/pod-topology-spread/spread-constraints.ts';
export { defaultShape, type UtilizationShapePoint } from './plugins/volume-binding/scorer.ts';
export type { SchedulerProfile } from './profile.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
