import { isAbort, messageOf, TimeoutError } from '../base/index.ts';
import { Code, codeName, isKnownCode } from './codes.ts';

/** A longer text of a driver is cut: it ends in events and conditions, and a gRPC header holds no more. */
const longestDescription = 4096;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlCharacters = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function presentable(desc: string): string {
  const text = desc.length > longestDescription ? `${desc.slice(0, longestDescription)}...` : desc;
  return text.replace(controlCharacters, ' ');
}

/** A CSI call that failed: its gRPC code and the driver's text. The message is the one that Go's gRPC prints. */
export class CsiError extends Error {
  override readonly name = 'CsiError';
  /** A gRPC status code; a broken peer may have sent a number that is none. */
  readonly code: number;
  /** The text without the code. */
  readonly desc: string;

  constructor(code: number, desc: string, options?: { cause?: unknown }) {
    const text = presentable(desc);
    super(`rpc error: code = ${codeName(code)} desc = ${text}`, options);
    this.code = code;
    this.desc = text;
  }

  /** Anything thrown as a CsiError: a status keeps its code, an abort is Canceled, a deadline DeadlineExceeded. */
  static from(thrown: unknown, otherwise: number = Code.UNKNOWN): CsiError {
    if (thrown instanceof CsiError) return thrown;
    const status = statusOf(thrown);
    if (status) return new CsiError(status.code, status.details, { cause: thrown });
    if (isAbort(thrown)) return new CsiError(Code.CANCELED, 'context canceled', { cause: thrown });
    if (thrown instanceof TimeoutError) {
      return new CsiError(Code.DEADLINE_EXCEEDED, 'context deadline exceeded', { cause: thrown });
    }
    return new CsiError(otherwise, messageOf(thrown), { cause: thrown });
  }
}

function statusOf(thrown: unknown): { code: number; details: string } | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('details' in thrown)) return undefined;
  const { code, details } = thrown;
  return typeof code === 'number' && typeof details === 'string' ? { code, details } : undefined;
}

const nonFinalCodes: ReadonlySet<number> = new Set([
  Code.CANCELED,
  Code.DEADLINE_EXCEEDED,
  Code.UNAVAILABLE,
  Code.RESOURCE_EXHAUSTED,
  Code.ABORTED,
]);

/**
 * Whether the call certainly had no effect and none is on its way. After any other failure the volume is in an
 * uncertain state, and the same call must be made again. What is no gRPC status says nothing, so it is not final.
 * Upstream: csi_client.go isFinalError.
 */
export function isFinalError(thrown: unknown): boolean {
  return thrown instanceof CsiError && isKnownCode(thrown.code) && !nonFinalCodes.has(thrown.code);
}
