import { realFs, UsageError } from '../../base/index.ts';
import { parseEndpoint } from '../../csi/index.ts';
import { startDriverRoles } from '../driver-roles.ts';
import { type RoleFlags, runRole } from './role.ts';

export interface CsiSidecarFlags extends RoleFlags {
  readonly csiAddress?: string;
  readonly kubeletRegistrationPath?: string;
  readonly pluginRegistrationPath?: string;
}

/** `stowage csi-sidecar`: every sidecar role of one driver in one process. */
export function runCsiSidecar(flags: CsiSidecarFlags): Promise<void> {
  const { csiAddress = '/run/csi/socket', kubeletRegistrationPath, pluginRegistrationPath } = flags;
  if ((kubeletRegistrationPath === undefined) !== (pluginRegistrationPath === undefined)) {
    throw new UsageError('--kubelet-registration-path and --plugin-registration-path: each needs the other');
  }
  const socket = parseEndpoint(csiAddress);
  return runRole('csi-sidecar', flags, async (role) => {
    const nodeSockets =
      kubeletRegistrationPath !== undefined && pluginRegistrationPath !== undefined
        ? [{ endpoint: kubeletRegistrationPath, registrationDir: pluginRegistrationPath }]
        : [];
    role.stack.use(await startDriverRoles({ ...role, fs: realFs }, socket, nodeSockets, role.signal));
    role.informers.start();
  });
}
