import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';

it('closes what it opens', async () => {
  const server = createServer().listen(0);
  await once(server, 'listening');
  server.close();
  expect(server.listening).toBe(false);
});
