import { messageOf } from '../../../base/index.ts';
import { type FailureKind, failureKindOf, VolumeError } from '../../../volume-plugins/index.ts';

/** A step of a volume operation that failed, with the words upstream uses for it. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly kind: FailureKind;
  readonly grpcCode: string | undefined;
  /** Reason of the event on the pods, or undefined when they are not told. */
  readonly eventReason: string | undefined;

  constructor(message: string, options: { cause: unknown; eventReason?: string | undefined }) {
    super(message, { cause: options.cause });
    this.kind = failureKindOf(options.cause);
    this.grpcCode = options.cause instanceof VolumeError ? options.cause.grpcCode : undefined;
    this.eventReason = options.eventReason;
  }
}

export interface FailedStep {
  /** As `MountVolume.SetUp failed`. */
  readonly what: string;
  /** The volume's name as users know it: PersistentVolume or pod volume. */
  readonly volumeName: string;
  readonly eventReason?: string | undefined;
}

/** `MountVolume.SetUp failed for volume "x" : <error>` */
export function operationError(step: FailedStep, cause: unknown): OperationError {
  return new OperationError(`${step.what} for volume "${step.volumeName}" : ${messageOf(cause)}`, {
    cause,
    eventReason: step.eventReason,
  });
}
