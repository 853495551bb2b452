import { type Clock, type Logger, realExec, realFs } from '../base/index.ts';
import { FlexDrivers } from '../volume-plugins/index.ts';

/** The FlexVolume drivers of this machine, for its nodes and its controllers. */
export function startFlexDrivers(
  dir: string,
  services: { readonly clock: Clock; readonly logger: Logger },
): FlexDrivers {
  const drivers = new FlexDrivers({ dir, fs: realFs, exec: realExec(services.clock), ...services });
  drivers.start();
  return drivers;
}
