import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { programEntry } from './support/stowage.ts';

const notFound = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'NotFound',
  message: 'the server could not find the requested resource',
  code: 404,
};

it('[S1] the snapshot controller waits for kinds that a server does not have, says so, and stops when it is told', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(notFound));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const master = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = [programEntry(), 'snapshot-controller', '--master', master, '--leader-election=false'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    let log = '';
    const ended = once(child, 'close');
    for await (const text of child.stderr.setEncoding('utf8')) {
      log += String(text);
      if (log.includes('waiting for the server to have this kind')) break;
    }
    expect(log).toContain('resource="volumesnapshotclasses.snapshot.storage.k8s.io"');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    server.close();
  }
});
