/**
 * The node-driver-registrar role: tells a kubelet of a CSI driver by serving the plugin registration service on a
 * socket in the kubelet's registration directory. Disposing it takes the socket, and so the driver, away.
 */
import { join } from 'node:path';
import type { Clock, Fs, Logger } from '../../base/index.ts';
import { Registration, serve, startServer } from '../../csi/index.ts';

export interface RegistrarOptions {
  readonly driverName: string;
  /** The driver's socket as the kubelet is to dial it. */
  readonly endpoint: string;
  /** `<kubelet root>/plugins_registry` */
  readonly registrationDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly fs: Fs;
  /** The kubelet has refused the driver; upstream's registrar exits then. */
  readonly onRefused: (reason: string) => void;
}

/** The versions of CSI that upstream's registrar names for every driver. */
const supportedVersions = ['1.0.0'];

export async function startRegistrar(options: RegistrarOptions): Promise<AsyncDisposable> {
  const { driverName, endpoint, registrationDir, logger, clock, fs } = options;
  const service = serve(Registration, {
    getInfo: async () => ({ type: 'CSIPlugin', name: driverName, endpoint, supportedVersions }),
    notifyRegistrationStatus: async ({ pluginRegistered, error }) => {
      if (pluginRegistered) logger.debug('driver registered', { driver: driverName });
      else options.onRefused(error);
      return {};
    },
  });
  const path = join(registrationDir, `${driverName}-reg.sock`);
  return startServer({ path, services: [service], clock, fs });
}
