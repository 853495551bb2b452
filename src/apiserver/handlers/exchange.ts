import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../../api/index.ts';

/** One HTTP request, authenticated and taken apart. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly identity: Identity;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
}
