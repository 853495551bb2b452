import type { Status, StatusCause } from '../gen/meta.v1.gen.ts';

export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'TooManyRequests'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'UnsupportedMediaType'
  | 'RequestEntityTooLarge'
  | 'Timeout'
  | 'ServerTimeout'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'InsufficientStorage'
  | 'Unknown';

const codes: Readonly<Record<StatusReason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  Unknown: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 504,
  InsufficientStorage: 507,
};

export interface StatusDetailsInput {
  readonly name?: string;
  /** Plural resource name, as in the messages: `persistentvolumeclaims "x" not found`. */
  readonly kind?: string;
  readonly group?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A refusal of the API server: what the HTTP body `kind: Status` carries. The only error a Client throws for an answer. */
export class ApiStatusError extends Error {
  override readonly name = 'ApiStatusError';
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? status.reason ?? 'the server refused the request', options);
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? 'Unknown';
  }

  static of(
    reason: StatusReason,
    message: string,
    details?: StatusDetailsInput,
    options?: ErrorOptions,
  ): ApiStatusError {
    return new ApiStatusError(
      { status: 'Failure', message, reason, ...(details ? { details } : {}), code: codes[reason] },
      options,
    );
  }

  static notFound(type: { readonly group: string; readonly plural: string }, name: string): ApiStatusError {
    const resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
    return ApiStatusError.of('NotFound', `${resource} "${name}" not found`, {
      name,
      group: type.group,
      kind: type.plural,
    });
  }
}

function hasReason(thrown: unknown, ...reasons: readonly StatusReason[]): boolean {
  return thrown instanceof ApiStatusError && reasons.some((reason) => reason === thrown.reason);
}

export const isNotFound = (thrown: unknown): boolean => hasReason(thrown, 'NotFound');
export const isAlreadyExists = (thrown: unknown): boolean => hasReason(thrown, 'AlreadyExists');
export const isForbidden = (thrown: unknown): boolean => hasReason(thrown, 'Forbidden');
export const isConflict = (thrown: unknown): boolean => hasReason(thrown, 'Conflict');
export const isExpired = (thrown: unknown): boolean => hasReason(thrown, 'Gone', 'Expired');
export const isInvalid = (thrown: unknown): boolean => hasReason(thrown, 'Invalid');
