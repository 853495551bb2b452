/** Identifiers become names of files. Only those that this driver makes, or the kubelet for inline volumes, are taken. */
import { assert } from '../../base/index.ts';
import { Code, CsiError } from '../../csi/index.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What the kubelet calls an inline volume: `csi-` and a SHA-256 in hexadecimal digits. */
const inlineId = /^csi-[0-9a-f]{64}$/;

export function isInlineId(id: string): boolean {
  return inlineId.test(id);
}

/** Refuses the id of an inline volume that is not the kubelet's: it would name a file of the caller's choice. */
export function checkInlineId(id: string): void {
  if (!isInlineId(id)) {
    throw new CsiError(Code.INVALID_ARGUMENT, `${JSON.stringify(id.slice(0, 128))} is not the id of an inline volume`);
  }
}

/** A token of a list is the id after which the next page starts. */
export function checkToken(token: string): void {
  if (!uuid.test(token) && !isInlineId(token)) {
    throw new CsiError(Code.ABORTED, `starting token ${JSON.stringify(token.slice(0, 128))} is invalid`);
  }
}

export function checkStoredId(id: string): void {
  assert(uuid.test(id) || isInlineId(id), 'an id in the state file is not one of this driver');
}
