/** JSON patch, RFC 6902, with the limits of Kubernetes. */
import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { ApiStatusError } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';

const maxOperations = 10_000;
/** What repeated `copy` operations may add up to: as much as a body may hold. */
const maxCopiedBytes = 3 * 1024 * 1024;
const names = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/** The 422 for a patch that is well formed and cannot be applied. */
function rejected(detail: string): ApiStatusError {
  return ApiStatusError.of('Invalid', 'the server rejected our request due to an error in our request', {
    causes: [{ reason: 'UnexpectedServerResponse', message: detail }],
  });
}

function operationsOf(body: unknown): readonly Operation[] {
  if (!Array.isArray(body)) {
    throw ApiStatusError.of('BadRequest', 'error decoding patch: a JSON patch is a list of operations');
  }
  if (body.length > maxOperations) {
    const message = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${body.length}`;
    throw ApiStatusError.of('RequestEntityTooLarge', message);
  }
  for (const operation of body as readonly Partial<Operation>[]) {
    const isOperation =
      typeof operation === 'object' &&
      operation !== null &&
      typeof operation.op === 'string' &&
      names.has(operation.op);
    if (!isOperation || typeof operation.path !== 'string') {
      throw ApiStatusError.of('BadRequest', 'error decoding patch: every operation needs an op and a path');
    }
  }
  return body as readonly Operation[];
}

/** The object with the operations applied in order, all of them or none. The object is not changed. */
export function applyJsonPatch(object: unknown, body: unknown): unknown {
  const operations = operationsOf(body);
  // The library changes its target in place.
  const target: unknown = structuredClone(object);
  let copiedBytes = 0;
  for (const operation of operations) {
    if (operation.op === 'copy') {
      copiedBytes += JSON.stringify(target).length;
      if (copiedBytes > maxCopiedBytes) {
        throw ApiStatusError.of('RequestEntityTooLarge', 'the copy operations of the JSON patch add up to too much');
      }
    }
    const [failure] = applyOne(target, operation);
    if (failure) throw rejected(failure.message);
  }
  return target;
}

const index = /^(0|[1-9]\d*)$/;

/** The library takes anything for a property's name, even of a list: there only an index that exists, or the end, will do. */
function checkIndexes(target: unknown, { op, path }: Operation): void {
  const tokens = Pointer.fromJSON(path).tokens.slice(1);
  let value: unknown = target;
  for (const [depth, token] of tokens.entries()) {
    if (Array.isArray(value)) {
      const isEnd = op === 'add' || op === 'copy' || op === 'move' ? depth === tokens.length - 1 : false;
      const limit = isEnd ? value.length + 1 : value.length;
      if (!(isEnd && token === '-') && !(index.test(token) && Number(token) < limit)) {
        throw rejected(`invalid array index in ${path}`);
      }
    }
    if (typeof value !== 'object' || value === null) return;
    value = Object.hasOwn(value, token) ? (value as Record<string, unknown>)[token] : undefined;
  }
}

/** Upstream's library replaces what is not there as well, and its snapshot controller counts on that. */
function asUpstream(target: unknown, operation: Operation): Operation {
  if (operation.op !== 'replace') return operation;
  const { path, value } = operation;
  const { parent, key } = Pointer.fromJSON(path).evaluate(target);
  const isObject = typeof parent === 'object' && parent !== null && !Array.isArray(parent);
  return isObject && !Object.hasOwn(parent, key) ? { op: 'add', path, value } : operation;
}

function applyOne(target: unknown, operation: Operation): readonly (Error | null)[] {
  try {
    checkIndexes(target, operation);
    return applyPatch(target, [asUpstream(target, operation)]);
  } catch (thrown) {
    if (thrown instanceof ApiStatusError) throw thrown;
    // A pointer that is none.
    throw rejected(messageOf(thrown));
  }
}
