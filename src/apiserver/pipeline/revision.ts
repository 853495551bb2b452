/** resourceVersion and its companions as lists and watches carry them. Upstream: metainternalversion/validation. */
import { ApiStatusError, invalid, type ListOptions, type WatchOptions } from '../../api/index.ts';

const listOptionsType = { group: 'meta.k8s.io', kind: 'ListOptions' };

/** Undefined for an absent or empty one. Throws BadRequest unless it is a decimal number. */
export function revisionOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (!/^\d{1,20}$/.test(text)) {
    const shown = JSON.stringify(text);
    const message = `Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`;
    throw ApiStatusError.of('BadRequest', `resourceVersion: ${message}`);
  }
  return Number(text);
}

/** The answer to a reader who has seen a future that this server has not. */
export function tooLarge(revision: number, current: number): ApiStatusError {
  const message = `Too large resource version: ${revision}, current: ${current}`;
  return ApiStatusError.of('Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function refuseOption(field: string, message: string): never {
  throw invalid(listOptionsType, '', [{ kind: 'Forbidden', field, message: `Forbidden: ${message}` }]);
}

function checkMatch(match: string | undefined): void {
  if (!match || match === 'Exact' || match === 'NotOlderThan') return;
  const message = `Unsupported value: ${JSON.stringify(match)}: supported values: "", "Exact", "NotOlderThan"`;
  throw invalid(listOptionsType, '', [{ kind: 'Unsupported', field: 'resourceVersionMatch', message }]);
}

export function checkListOptions(options: ListOptions): void {
  const { resourceVersion, resourceVersionMatch, limit } = options;
  checkMatch(resourceVersionMatch);
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0)) {
    throw ApiStatusError.of('BadRequest', `limit: Invalid value: ${limit}: must be a non-negative integer`);
  }
  if (options.continue && resourceVersion && resourceVersion !== '0') {
    throw ApiStatusError.of('BadRequest', 'specifying resource version is not allowed when using continue');
  }
  if (!resourceVersionMatch) return;
  if (!resourceVersion) {
    refuseOption('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (options.continue)
    refuseOption('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
    refuseOption('resourceVersionMatch', 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
  }
}

export function checkWatchOptions(options: WatchOptions): void {
  const { resourceVersionMatch, sendInitialEvents } = options;
  checkMatch(resourceVersionMatch);
  if (sendInitialEvents === undefined) {
    if (resourceVersionMatch) {
      refuseOption(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    }
    return;
  }
  if (!resourceVersionMatch) {
    refuseOption('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (resourceVersionMatch !== 'NotOlderThan') {
    const message = `Unsupported value: ${JSON.stringify(resourceVersionMatch)}: supported values: "NotOlderThan"`;
    throw invalid(listOptionsType, '', [{ kind: 'Unsupported', field: 'resourceVersionMatch', message }]);
  }
}
