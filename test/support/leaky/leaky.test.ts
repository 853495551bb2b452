import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { it } from 'vitest';

/** Long enough to be there when the check looks, should it fail to end them. */
const longMs = 60_000;

it('leaves a timer behind', () => {
  setTimeout(() => {}, longMs);
  clearTimeout(setTimeout(() => {}, longMs));
  setTimeout(() => {}, longMs).unref();
});

it('leaves a server behind', () => {
  createServer().listen(0);
});

it('leaves a worker behind', async () => {
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
  await once(worker, 'online');
});

it('leaves a process behind whose parent has ended', async () => {
  const child = spawn('sh', ['-c', 'setsid sleep 77 &'], { stdio: 'ignore' });
  await once(child, 'exit');
});

it.runIf(process.getuid?.() === 0)('leaves a mount behind', () => {
  execFileSync('mount', ['-t', 'tmpfs', 'leak', mkdtempSync(join(tmpdir(), 'left-'))]);
});
