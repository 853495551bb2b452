/** Turns what a server answers into what the Client throws, also when a proxy answered in its place. */
import { ApiStatusError, type Status, type StatusReason } from '../api/index.ts';

/** The server gave no answer: it cannot be reached, or the connection broke. The request may have been carried out. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
}

const reasons: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
  507: 'InsufficientStorage',
};

/** Of an answer that is no Status, this much is shown. */
const shownCharacters = 500;

function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A plain text or a proxy's page.
    return undefined;
  }
}

export interface Refusal {
  readonly code: number;
  readonly body: string;
  readonly retryAfterSeconds: number | undefined;
}

export function errorOf({ code, body, retryAfterSeconds }: Refusal): ApiStatusError {
  const given = parsed(body);
  const status: Status = isStatus(given)
    ? { code, ...given }
    : {
        status: 'Failure',
        code,
        reason: reasons[code] ?? 'Unknown',
        message: body.trim().slice(0, shownCharacters) || `the server answered with status ${code}`,
      };
  if (retryAfterSeconds === undefined || status.details?.retryAfterSeconds !== undefined) {
    return new ApiStatusError(status);
  }
  return new ApiStatusError({ ...status, details: { ...status.details, retryAfterSeconds } });
}
