/** Names of drivers and of the directories they are installed in. Upstream: validation.IsQualifiedName. */

const namePart = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const vendorPart = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const longestName = 63;
const longestVendor = 253;
/** Volumes of the plugins that are built in lie in directories of this vendor. */
const reservedVendor = 'kubernetes.io';

/** `vendor/driver` or `driver`, of which no part can lead out of a directory. */
export function isDriverName(name: string): boolean {
  const [driver = '', vendor, ...more] = name.split('/').reverse();
  if (more.length > 0 || driver.length > longestName || !namePart.test(driver)) return false;
  if (vendor === undefined) return true;
  return vendor !== reservedVendor && vendor.length <= longestVendor && vendorPart.test(vendor);
}

/** The file in the driver's directory that is run: the part of the name after the vendor. */
export function executableName(driverName: string): string {
  return driverName.slice(driverName.lastIndexOf('/') + 1);
}

/** `vendor/driver/volume` as nodes list it, in its parts; undefined for names of another form. */
export function parseFlexVolumeName(name: string): { readonly driver: string; readonly volume: string } | undefined {
  const at = name.lastIndexOf('/');
  const driver = name.slice(0, Math.max(at, 0));
  const volume = name.slice(at + 1);
  return volume !== '' && isDriverName(driver) ? { driver, volume } : undefined;
}
