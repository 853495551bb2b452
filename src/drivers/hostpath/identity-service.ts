import { Identity, PluginService, type ServedService, serve, VolumeExpansion } from '../../csi/index.ts';
import type { HostpathConfig } from './config.ts';

/** The same answers on every socket of the process, as the specification asks. */
export function identityService(config: HostpathConfig): ServedService {
  return serve(Identity, {
    getPluginInfo: async () => ({ name: config.driverName, vendorVersion: config.vendorVersion }),
    getPluginCapabilities: async () => {
      const services: PluginService[] = [PluginService.CONTROLLER_SERVICE];
      if (config.enableTopology) services.push(PluginService.VOLUME_ACCESSIBILITY_CONSTRAINTS);
      const capabilities = services.map((type) => ({ type: { case: 'service' as const, value: { type } } }));
      if (!config.enableControllerExpansion && !config.enableNodeExpansion) return { capabilities };
      const expansion = { case: 'volumeExpansion' as const, value: { type: VolumeExpansion.ONLINE } };
      return { capabilities: [...capabilities, { type: expansion }] };
    },
    probe: async () => ({ ready: true }),
  });
}
