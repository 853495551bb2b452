/** The worker thread of a SQLite store: answers the store's calls one after the other on the database it opened. */
import { parentPort } from 'node:worker_threads';
import { assert, messageOf, unreachable } from '../../base/index.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import type { SqliteFailure, SqliteReply, SqliteRequest, SqliteResults } from './sqlite-protocol.ts';
import { StoreUnavailable } from './store.ts';
import { StoreDirectoryError } from './store-directory-error.ts';

const port = parentPort;
assert(port, 'this file runs as a worker thread');
let opened: SqliteDatabase | undefined;

function database(): SqliteDatabase {
  if (!opened) throw new StoreUnavailable('the database is not open', { full: false });
  return opened;
}

function answer(request: SqliteRequest): SqliteResults[keyof SqliteResults] {
  switch (request.call) {
    case 'open':
      opened = new SqliteDatabase(request.path);
      return { compacted: opened.compacted };
    case 'read':
      return database().read(request.after, request.limit);
    case 'append':
      database().append(request.batch);
      return undefined;
    case 'reopen':
      database().reopen(request.revision);
      return undefined;
    case 'holdReserve':
      database().holdReserve();
      return undefined;
    case 'close':
      opened?.[Symbol.dispose]();
      port?.close();
      return undefined;
    default:
      return unreachable(request, 'call');
  }
}

function failureOf(thrown: unknown): SqliteFailure {
  return {
    kind: thrown instanceof StoreDirectoryError ? 'directory' : 'unavailable',
    message: messageOf(thrown),
    full: thrown instanceof StoreUnavailable && thrown.full,
  };
}

port.on('message', (request: SqliteRequest) => {
  let reply: SqliteReply;
  try {
    reply = { id: request.id, value: answer(request) };
  } catch (thrown) {
    reply = { id: request.id, failure: failureOf(thrown) };
  }
  port.postMessage(reply);
});
