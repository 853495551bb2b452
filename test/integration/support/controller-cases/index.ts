import { clusterCases } from './cluster-cases.ts';
import { sidecarCases, volumeCases } from './volume-cases.ts';
import { workloadCases } from './workload-cases.ts';

/** Every controller, the scheduler and the sidecars. */
export const controllerCases = { ...volumeCases, ...workloadCases, ...clusterCases, ...sidecarCases };
