/** What a Lease says about its holder, and whether it may be taken: pure. Upstream: client-go tools/leaderelection. */
import { isEqual, type Lease, type LeaseSpec } from '../api/index.ts';

/** A lease as this process saw it change last. Ages are counted on our own clock: those of others may be wrong. */
export interface ObservedLease {
  readonly lease: Lease;
  readonly atMs: number;
}

export interface Claimant {
  readonly identity: string;
  readonly leaseDurationMs: number;
}

/** Keeps the time of the first sight of a state. */
export function observe(before: ObservedLease | undefined, lease: Lease, nowMs: number): ObservedLease {
  // A label that somebody sets is no sign of life.
  const unchanged = before !== undefined && isEqual(before.lease.spec, lease.spec);
  return unchanged ? { lease, atMs: before.atMs } : { lease, atMs: nowMs };
}

/** Milliseconds until the claimant may take the lease; 0 when it is free, expired or its own. */
export function takeableInMs({ lease, atMs }: ObservedLease, claimant: Claimant, nowMs: number): number {
  const { holderIdentity, leaseDurationSeconds } = lease.spec;
  if (!holderIdentity || holderIdentity === claimant.identity) return 0;
  const durationMs = leaseDurationSeconds === undefined ? claimant.leaseDurationMs : leaseDurationSeconds * 1000;
  return Math.max(0, atMs + durationMs - nowMs);
}

/** The spec that makes the claimant the holder, or keeps it so. */
export function heldBy(before: LeaseSpec | undefined, claimant: Claimant, now: string): LeaseSpec {
  const continued = before?.holderIdentity === claimant.identity;
  const transitions = before?.leaseTransitions ?? 0;
  return {
    ...before,
    holderIdentity: claimant.identity,
    leaseDurationSeconds: Math.ceil(claimant.leaseDurationMs / 1000),
    acquireTime: (continued && before?.acquireTime) || now,
    renewTime: now,
    leaseTransitions: continued || !before ? transitions : transitions + 1,
  };
}

/** The spec of a lease that its holder gives back: whoever looks next may take it. */
export function released(before: LeaseSpec, now: string): LeaseSpec {
  return { ...before, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now };
}
