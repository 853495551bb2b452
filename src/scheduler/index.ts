export { defaultShape, type UtilizationShapePoint } from './plugins/volume-binding/scorer.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
