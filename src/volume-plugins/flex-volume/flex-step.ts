import { transientError } from '../errors.ts';
import type { VolumeHost } from '../volume-host.ts';
import { type DriverCapabilities, defaultCapabilities } from './driver-status.ts';
import type { FlexDriver } from './flex-driver.ts';
import type { FlexDrivers } from './flex-drivers.ts';

/** What the steps of one driver's volumes work with on a node. */
export interface FlexStep {
  readonly host: VolumeHost;
  readonly drivers: Pick<FlexDrivers, 'find'>;
  readonly driverName: string;
  /** Whether volumes that an earlier run left were attached: counts while the driver is not there to tell. */
  readonly wasAttachable: boolean;
}

/** The driver as it is installed now; a transient error when it is not, and whatever it has mounted stays. */
export function driverOf({ drivers, driverName }: FlexStep): FlexDriver {
  const driver = drivers.find(driverName);
  if (!driver) throw transientError(`FlexVolume driver "${driverName}" is not installed on this node`);
  return driver;
}

export function capabilitiesOf({ drivers, driverName, wasAttachable }: FlexStep): DriverCapabilities {
  return drivers.find(driverName)?.capabilities ?? { ...defaultCapabilities, attach: wasAttachable };
}
