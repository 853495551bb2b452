import { messageOf } from '../base/index.ts';

/**
 * What a failed mount step tells about the world:
 * - `final`: the step had no effect, nothing needs to be undone;
 * - `uncertain`: it may have had its effect or may have it later: the volume counts as possibly mounted;
 * - `transient`: it could not be tried (driver not registered, API unreachable): what was known before stays known.
 */
export type FailureKind = 'final' | 'uncertain' | 'transient';

/** A volume plugin's step that failed. Anything else that a plugin throws counts as final. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly kind: FailureKind;
  /** Name of the gRPC code of a CSI driver's answer, as `Internal`. */
  readonly grpcCode: string | undefined;

  constructor(kind: FailureKind, message: string, options: { cause?: unknown; grpcCode?: string | undefined } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.grpcCode = options.grpcCode;
  }
}

export function finalError(message: string, cause?: unknown): VolumeError {
  return new VolumeError('final', message, { cause });
}

export function uncertainError(message: string, cause?: unknown): VolumeError {
  return new VolumeError('uncertain', message, { cause });
}

export function transientError(message: string, cause?: unknown): VolumeError {
  return new VolumeError('transient', message, { cause });
}

export function failureKindOf(thrown: unknown): FailureKind {
  return thrown instanceof VolumeError ? thrown.kind : 'final';
}

/** Puts a sentence before the text of a failure and keeps its kind and code. */
export function wrapError(prefix: string, thrown: unknown): VolumeError {
  const grpcCode = thrown instanceof VolumeError ? thrown.grpcCode : undefined;
  return new VolumeError(failureKindOf(thrown), `${prefix}: ${messageOf(thrown)}`, { cause: thrown, grpcCode });
}
