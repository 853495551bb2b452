/** What every part of the publication of storage capacity works with. */
import type { CSIStorageCapacity, OwnerReference, StorageClass } from '../../../api/index.ts';
import type { Client, Lister } from '../../../client/index.ts';
import type { CsiDriver } from '../../common/driver.ts';
import type { Manager } from './capacity-object.ts';
import type { Segment } from './segment.ts';

export interface CapacityContext {
  readonly client: Client;
  readonly driver: CsiDriver;
  readonly manager: Manager;
  readonly flags: CapacityFlags;
  readonly capacities: Lister<CSIStorageCapacity>;
  readonly classes: Lister<StorageClass>;
  /** By their texts. */
  readonly segments: { get(text: string): Segment | undefined };
  /** Whether capacity is to be published at all. */
  readonly isOn: () => boolean;
}

/** The index of objects by what they are about. */
export const capacitiesByItem = 'external-provisioner/capacity-item';

/** Upstream's flags of the same names. */
export interface CapacityFlags {
  /** `asDriverSays`: while the CSIDriver object has `storageCapacity: true`, and no object is left when it has not. */
  readonly publish: 'always' | 'asDriverSays';
  readonly namespace: string;
  readonly owner: OwnerReference | undefined;
  readonly threads: number;
  readonly pollIntervalMs: number;
  readonly forImmediateBinding: boolean;
  readonly timeoutMs: number;
  readonly retryIntervalStartMs: number;
  readonly retryIntervalMaxMs: number;
  /** The one node that this process is for. */
  readonly node: { readonly name: string; readonly segment: Segment } | undefined;
}

export const defaultCapacityFlags: CapacityFlags = {
  publish: 'always',
  namespace: 'kube-system',
  owner: undefined,
  threads: 1,
  pollIntervalMs: 60_000,
  forImmediateBinding: false,
  timeoutMs: 10_000,
  retryIntervalStartMs: 1000,
  retryIntervalMaxMs: 300_000,
  node: undefined,
};

/** Nothing that trying again soon would mend. */
export class CapacityError extends Error {
  override readonly name = 'CapacityError';
}

/** Whether the class is one whose capacity is published. */
export function isPublished(
  { driver, flags }: Pick<CapacityContext, 'driver' | 'flags'>,
  { provisioner, volumeBindingMode }: StorageClass,
): boolean {
  return provisioner === driver.name && (flags.forImmediateBinding || volumeBindingMode !== 'Immediate');
}
