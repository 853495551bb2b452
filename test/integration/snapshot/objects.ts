/** What a case about snapshots has at its beginning, in few words; everything lives in the namespace `default`. */
import type { VolumeSnapshotContentStatus, VolumeSnapshotStatus } from '../../../src/api/index.ts';

export const driver = 'hostpath.csi.k8s.io';
export const namespace = 'default';

export interface GivenSnapshot {
  readonly name: string;
  /** The claim that it is taken of. */
  readonly of?: string;
  /** The content that exists. */
  readonly from?: string;
  readonly className?: string;
  /** Its content by the name that content has in these tests: `own` for `snapcontent-<uid>`. */
  readonly bound?: string;
  readonly status?: Omit<VolumeSnapshotStatus, 'boundVolumeSnapshotContentName'>;
  /** In short: source, bound. */
  readonly finalizers?: readonly ('source' | 'bound' | 'other')[];
  readonly deleting?: boolean;
}

export interface GivenContent {
  /** `own`: the name that a content has which is made for its snapshot. */
  readonly name: string;
  /** The snapshot that it refers to, with its uid. */
  readonly to?: string;
  /** The snapshot that it refers to by name alone. */
  readonly for?: string;
  /** A snapshot of that name which is gone. */
  readonly toGone?: string;
  /** A snapshot that exists; else it is of the volume `handle-of-pv`. */
  readonly handle?: string;
  readonly className?: string;
  readonly policy?: 'Delete' | 'Retain';
  readonly status?: VolumeSnapshotContentStatus;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly isHeld?: boolean;
  readonly deleting?: boolean;
}

export interface GivenClaim {
  readonly name: string;
  /** Its volume, which is bound to it; without one it is Pending. */
  readonly volume?: string;
  /** The snapshot that it is to be restored from. */
  readonly restores?: string;
  readonly isProtected?: boolean;
  readonly deleting?: boolean;
}

export interface GivenVolume {
  readonly name: string;
  /** undefined: not a CSI volume. */
  readonly driver?: string | undefined;
  readonly volumeMode?: string;
  /** The node that alone reaches it. */
  readonly node?: string;
  /** The claim that it is bound to. */
  readonly to?: string;
}

export interface GivenClass {
  readonly name: string;
  readonly driver?: string;
  readonly isDefault?: boolean;
  readonly policy?: 'Delete' | 'Retain';
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A claim `data` on the CSI volume `pv`, and the classes gold (the default), silver (Retain). */
export const usual = {
  volumes: [{ name: 'pv', driver, volumeMode: 'Filesystem', to: 'data' }] as readonly GivenVolume[],
  claims: [{ name: 'data', volume: 'pv' }] as readonly GivenClaim[],
  classes: [
    { name: 'gold', isDefault: true },
    { name: 'silver', policy: 'Retain' },
  ] as readonly GivenClass[],
};

export const snap: GivenSnapshot = { name: 'snap', of: 'data', className: 'gold' };
/** 2023-11-14T22:13:20Z */
export const taken = { snapshotHandle: 'snap-1', creationTime: 17e17, restoreSize: 2 ** 30, readyToUse: true };
/** A snapshot that the driver has taken, and its content. */
export const ready: GivenSnapshot = {
  ...snap,
  bound: 'own',
  finalizers: ['source', 'bound'],
  status: { readyToUse: true, creationTime: '2023-11-14T22:13:20Z', restoreSize: '1Gi' },
};
export const readyContent: GivenContent = { name: 'own', to: 'snap', className: 'gold', isHeld: true, status: taken };
