import { createConfigVolumePlugin } from '../config-volume.ts';
import { downwardApiPayload } from '../payload.ts';
import type { VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';

export function createDownwardApiPlugin(host: VolumeHost): VolumePlugin {
  return createConfigVolumePlugin(host, {
    pluginName: 'kubernetes.io/downward-api',
    medium: '',
    sourceOf: (volume) => volume.downwardAPI,
    emptySource: { downwardAPI: {} },
    payload: async ({ items, defaultMode }, pod) =>
      downwardApiPayload({ items, defaultMode, pod, nodeAllocatable: host.nodeAllocatable() }),
  });
}
