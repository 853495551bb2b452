/** A wait that passed its deadline. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** A mistake in flags, environment or a configuration file. The command exits with status 2 and this one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The text of anything thrown, for a status, an event or a log field. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : JSON.stringify(thrown);
}

/** The `code` of a Node.js system error (`ENOENT`, ...), or undefined for anything else. */
export function errnoOf(thrown: unknown): string | undefined {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return undefined;
}

/** Whether the thrown value tells that work was aborted through an AbortSignal. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'AbortError' || errnoOf(thrown) === 'ABORT_ERR');
}
