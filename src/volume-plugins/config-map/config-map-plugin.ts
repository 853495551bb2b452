import { findConfigMap } from '../config-objects.ts';
import { createConfigVolumePlugin } from '../config-volume.ts';
import { configMapPayload } from '../payload.ts';
import type { VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';

export function createConfigMapPlugin(host: VolumeHost): VolumePlugin {
  return createConfigVolumePlugin(host, {
    pluginName: 'kubernetes.io/configmap',
    medium: '',
    sourceOf: (volume) => volume.configMap,
    emptySource: { configMap: {} },
    payload: async ({ name = '', items, defaultMode, optional = false }, pod) => {
      const configMap = await findConfigMap(host, { namespace: pod.metadata.namespace ?? '', name, optional });
      return configMapPayload(configMap, { items, defaultMode, optional });
    },
  });
}
