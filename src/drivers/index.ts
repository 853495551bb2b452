export { defaultConfig as defaultHostpathConfig, type HostpathConfig, hostpathNodeFlags } from './hostpath/config.ts';
export { controllerService as hostpathControllerService } from './hostpath/controller-service.ts';
export type { HostpathDriver } from './hostpath/driver.ts';
export { addHostpathFlags, readHostpathFlags } from './hostpath/flags.ts';
export { identityService as hostpathIdentityService } from './hostpath/identity-service.ts';
export {
  createHostpathDriver,
  type DriverWorld,
  type HostpathOptions,
  type NodeEndpoint,
  runHostpathDriver,
} from './hostpath/main.ts';
export { nodeService as hostpathNodeService } from './hostpath/node-service.ts';
export type { HostpathHost } from './hostpath/volume-files.ts';
