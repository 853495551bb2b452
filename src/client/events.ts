import type { KubernetesObject } from '../api/index.ts';

/** Writes Events about objects in the background. Same source, object, reason and message raise the count instead. */
export interface EventRecorder {
  event(object: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
