/**
 * Where a paged list goes on: a position in one snapshot of one prefix. Authenticated, because a position is a key of
 * the store, and a forged one would read what its bearer may not see.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiStatusError } from '../../api/index.ts';

export interface Position {
  readonly prefix: string;
  /** The key of the last object that was looked at. */
  readonly after: string;
  readonly revision: number;
}

const macBytes = 16;
/** Keys are shorter than this; a longer token is nobody's of ours. */
const maxTokenLength = 4096;

function macOf(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest().subarray(0, macBytes);
}

export function continueToken(key: Uint8Array, position: Position): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: position.revision, start: position.after });
  return Buffer.concat([macOf(key, position.prefix + text), Buffer.from(text)]).toString('base64url');
}

/** Throws BadRequest for a token that this server did not give out for this list. */
export function readContinueToken(key: Uint8Array, token: string, prefix: string): Position {
  const bytes = Buffer.from(token.slice(0, maxTokenLength), 'base64url');
  const text = bytes.subarray(macBytes).toString();
  const expected = macOf(key, prefix + text);
  const given = bytes.subarray(0, macBytes);
  if (given.length !== macBytes || !timingSafeEqual(given, expected)) {
    throw ApiStatusError.of('BadRequest', 'continue key is not valid: it was not issued for this list');
  }
  const { rv, start } = JSON.parse(text) as { rv: number; start: string };
  return { prefix, after: start, revision: rv };
}
