import { findSecret } from '../config-objects.ts';
import { createConfigVolumePlugin } from '../config-volume.ts';
import { secretPayload } from '../payload.ts';
import type { VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';

export function createSecretPlugin(host: VolumeHost): VolumePlugin {
  return createConfigVolumePlugin(host, {
    pluginName: 'kubernetes.io/secret',
    medium: 'Memory',
    sourceOf: (volume) => volume.secret,
    emptySource: { secret: {} },
    payload: async ({ secretName: name = '', items, defaultMode, optional = false }, pod) => {
      const secret = await findSecret(host, { namespace: pod.metadata.namespace ?? '', name, optional });
      return secretPayload(secret, { items, defaultMode, optional });
    },
  });
}
