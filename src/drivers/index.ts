export { defaultConfig as defaultHostpathConfig, type HostpathConfig, hostpathNodeFlags } from './hostpath/config.ts';
export type { HostpathDriver } from './hostpath/driver.ts';
export { addHostpathFlags, readHostpathFlags } from './hostpath/flags.ts';
export { type DriverWorld, type HostpathOptions, type NodeEndpoint, runHostpathDriver } from './hostpath/main.ts';
export type { HostpathHost } from './hostpath/volume-files.ts';
