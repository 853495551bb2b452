export { type CsiDriver, connectDriver } from './common/driver.ts';
export { oneCallPerVolume } from './common/one-call-per-volume.ts';
export type { AttacherFlags } from './external-attacher/context.ts';
export { type AttacherOptions, startAttacher } from './external-attacher/controller.ts';
export type { ProvisionerFlags } from './external-provisioner/context.ts';
export { type ProvisionerOptions, startProvisioner } from './external-provisioner/controller.ts';
export type { ResizerFlags } from './external-resizer/context.ts';
export { canResize, type ResizerOptions, startResizer } from './external-resizer/controller.ts';
export { type RegistrarOptions, startRegistrar } from './node-driver-registrar/controller.ts';
