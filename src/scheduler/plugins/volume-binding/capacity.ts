/** What a CSIStorageCapacity object says about the room for a new volume. Pure. */
import { type CSIStorageCapacity, quantityValue } from '../../../api/index.ts';

/** The largest volume that can be made, in bytes; undefined when the object does not say. Upstream: volumeLimit. */
export function volumeLimitBytes(capacity: CSIStorageCapacity): bigint | undefined {
  const limit = capacity.maximumVolumeSize ?? capacity.capacity;
  return limit === undefined ? undefined : quantityValue(limit);
}

/** The bytes that are free in the segment. */
export function freeBytes(capacity: CSIStorageCapacity): bigint {
  return capacity.capacity === undefined ? 0n : quantityValue(capacity.capacity);
}
