/**
 * How a component calls a CSI plugin, whatever lies between: a gRPC connection over a unix socket, or the plugin's
 * functions in the same process. A cluster in virtual time has the second.
 */
import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

export interface CallOptions {
  /** The call fails with DeadlineExceeded after this. What it started may still take effect. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A call that ended, for metrics such as csi_sidecar_operations_seconds. */
export interface CallReport {
  /** `/csi.v1.Controller/CreateVolume` */
  readonly method: string;
  /** gRPC status code; 0 for success. */
  readonly code: number;
  readonly durationMs: number;
}

export type CallObserver = (report: CallReport) => void;

export interface CsiConnection extends AsyncDisposable {
  /** Resolves with the plugin's answer; rejects with a CsiError, never with anything else. */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>>;
}
