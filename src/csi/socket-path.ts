import { resolve } from 'node:path';
import { UsageError } from '../base/index.ts';

/** sun_path holds 108 bytes with the final zero. Node.js cuts a longer path without an error. */
const longestSocketPathBytes = 107;

/** Refuses a path that a unix socket cannot have. Throws a UsageError that names the path and what it is for. */
export function checkSocketPath(path: string, what = 'unix socket'): void {
  const length = Buffer.byteLength(path);
  if (length <= longestSocketPathBytes) return;
  throw new UsageError(
    `${what} path ${path} has ${length} bytes, but a unix socket path holds at most ${longestSocketPathBytes}: choose a shorter directory`,
  );
}

/** The socket's absolute path of `unix:///a/b`, `unix:/a/b`, `unix:b` or a bare path. Any other scheme is a UsageError. */
export function parseEndpoint(endpoint: string): string {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(.*)$/s.exec(endpoint);
  const scheme = match?.[1]?.toLowerCase();
  const rest = match?.[2] ?? '';
  const path = scheme === 'unix' ? rest.replace(/^\/\//, '') : rest;
  if ((scheme !== undefined && scheme !== 'unix') || path === '' || path.includes('\0')) {
    throw new UsageError(`Invalid endpoint: ${endpoint}`);
  }
  const absolute = resolve(path);
  checkSocketPath(absolute, 'endpoint');
  return absolute;
}
