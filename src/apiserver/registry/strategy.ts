import type { KubernetesObject } from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';

/** What code that serves every kind knows of an object. */
export type AnyObject = KubernetesObject & { readonly spec?: unknown; readonly status?: unknown };

export interface StrategyContext {
  readonly clock: Clock;
  readonly random: Random;
  /** The time of the request, as timestamps are written. */
  readonly now: string;
}

/**
 * What is particular about writing one kind. Everything is optional: the common rules (metadata, status apart from
 * spec, finalizers) hold for every kind.
 */
export interface Strategy<T extends KubernetesObject = AnyObject> {
  /**
   * Counts changes of the object in metadata.generation: `always` from 1 at creation, `from-first-update` from the
   * first change on. Left out, the kind has no generation.
   */
  readonly generation?: 'always' | 'from-first-update';
  /** The status of a new object. Left out: what the client sent is dropped when the kind has /status, kept otherwise. */
  initialStatus?(object: T, context: StrategyContext): unknown;
  prepareForCreate?(object: T, context: StrategyContext): T;
  prepareForUpdate?(object: T, previous: T, context: StrategyContext): T;
  prepareForStatusUpdate?(object: T, previous: T, context: StrategyContext): T;
  /** A write to /status leaves labels and annotations alone too. */
  readonly statusKeepsMetadata?: boolean;
  /** A PUT must name the resourceVersion it replaces. */
  readonly requiresResourceVersion?: boolean;
  /** A PUT to a name that does not exist creates it. */
  readonly createsOnUpdate?: boolean;
  /** DELETE answers with the deleted object; others answer with a Status. */
  readonly returnsDeletedObject?: boolean;
  /** Seconds between a DELETE and the removal; undefined when the kind goes at once. */
  gracePeriodSeconds?(object: T, requestedSeconds: number | undefined): number;
  /** Changes made when deletion begins. */
  prepareForDelete?(object: T, context: StrategyContext): T;
  /** Whether something besides metadata.finalizers still holds a terminating object. */
  isHeld?(object: T): boolean;
}
