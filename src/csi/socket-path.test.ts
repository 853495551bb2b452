import { expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { checkSocketPath, parseEndpoint } from './socket-path.ts';

test.each([
  ['unix:///run/csi.sock', '/run/csi.sock'],
  ['unix:/run/csi.sock', '/run/csi.sock'],
  ['UNIX:///run/csi.sock', '/run/csi.sock'],
  ['/run/csi.sock', '/run/csi.sock'],
  ['unix://tmp/csi.sock', `${process.cwd()}/tmp/csi.sock`],
])('[P1] takes the endpoint %s', (endpoint, path) => {
  expect(parseEndpoint(endpoint)).toBe(path);
});

test.each(['tcp://127.0.0.1:10000', 'http://x', 'unix://', ''])('[P1] refuses the endpoint %j', (endpoint) => {
  expect(() => parseEndpoint(endpoint)).toThrow(new UsageError(`Invalid endpoint: ${endpoint}`));
});

test('refuses a socket path above 107 bytes and names it', () => {
  const path = `/${'é'.repeat(53)}a`;
  expect(() => checkSocketPath(path)).toThrow(path);
  expect(() => checkSocketPath(path.slice(0, -1))).not.toThrow();
});
