/**
 * Runs around every test file: what the file started must have ended when it is done. Timers, sockets and servers,
 * worker threads, child processes and mounts are compared with those before the file; anything left fails it. Tests in
 * virtual time have no other way to notice a real timer.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, inject } from 'vitest';

/** What was closed at the very end of a test needs some turns of the event loop to be gone. */
const graceMs = 2_000;
const pollMs = 10;

/** Restored at the end, and not seen by our own waiting. */
const realSetTimeout = globalThis.setTimeout;
const realSetInterval = globalThis.setInterval;

/** Live timers by the place that made them. Vitest took its own functions before this file runs. */
const timers = new Map<NodeJS.Timeout, Error>();

function watchTimers(): void {
  const note = (timer: NodeJS.Timeout): NodeJS.Timeout => {
    timers.set(timer, new Error('started here'));
    return timer;
  };
  const patchedTimeout = (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) => {
    const timer: NodeJS.Timeout = realSetTimeout(() => {
      timers.delete(timer);
      callback(...args);
    }, delayMs);
    return note(timer);
  };
  const patchedInterval = (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) =>
    note(realSetInterval(callback, delayMs, ...args));
  // Copies the properties by which util.promisify finds the promise forms.
  globalThis.setTimeout = Object.assign(patchedTimeout, realSetTimeout);
  globalThis.setInterval = Object.assign(patchedInterval, realSetInterval);
}

/** Destroyed says that a timer was cleared. One that does not keep the process alive is no leak. */
function isLive(timer: NodeJS.Timeout): boolean {
  return timer.hasRef() && !('_destroyed' in timer && timer._destroyed === true);
}

function originOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n').slice(1);
  const ours = lines.filter((line) => !line.includes('leak-check') && !line.includes('node:internal'));
  return ours
    .slice(0, 3)
    .map((line) => line.trim())
    .join(' < ');
}

function findTimers(): string[] {
  return [...timers].filter(([timer]) => isLive(timer)).map(([, error]) => `timer ${originOf(error)}`);
}

interface ActiveHandles {
  _getActiveHandles(): object[];
}

function hasActiveHandles(value: object): value is ActiveHandles {
  return '_getActiveHandles' in value;
}

/** Handles that keep the process alive: sockets, servers, watchers. */
function activeHandles(): object[] {
  const standard: object[] = [process.stdin, process.stdout, process.stderr];
  return hasActiveHandles(process) ? process._getActiveHandles().filter((handle) => !standard.includes(handle)) : [];
}

function describeHandle(handle: object): string {
  if (handle instanceof Server) return `server on ${JSON.stringify(handle.address())}`;
  if (handle instanceof Socket) {
    const { localAddress, localPort, remoteAddress, remotePort } = handle;
    if (remoteAddress) return `socket ${localAddress}:${localPort} to ${remoteAddress}:${remotePort}`;
    return `unix socket or pipe, ${handle.bytesRead} bytes read, ${handle.bytesWritten} written`;
  }
  return handle.constructor.name;
}

const handlesBefore = new WeakSet(activeHandles());

function findHandles(): string[] {
  return activeHandles()
    .filter((handle) => !handlesBefore.has(handle) && handle.constructor.name !== 'ChildProcess')
    .map(describeHandle);
}

/** In a process's environment this names the test file it descends from, even when its parents are gone. */
const mark = `STOWAGE_TEST_MARK=${process.pid}.${process.hrtime.bigint()}`;

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // The process ended while we looked, or is another user's.
    return '';
  }
}

function isOurs(pid: string): boolean {
  const [state, parent] = readProc(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  if (state === undefined || state === 'Z') return false;
  return parent === String(process.pid) || readProc(pid, 'environ').split('\0').includes(mark);
}

function descendants(): Set<string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return new Set(pids.filter(isOurs));
}

const processesBefore = descendants();

function findProcesses(): [pid: string, description: string][] {
  return [...descendants()]
    .filter((pid) => !processesBefore.has(pid))
    .map((pid) => [pid, `process ${pid}: ${readProc(pid, 'cmdline').replaceAll('\0', ' ').trim()}`]);
}

/** The names that Node.js gives to threads; only those of workers count. */
function workerThreads(): number {
  const threads = readdirSync('/proc/self/task');
  return threads.filter((id) => readProc(`self/task/${id}`, 'comm').trim() === 'WorkerThread').length;
}

const workersBefore = workerThreads();

function findWorkers(): string[] {
  return Array.from({ length: Math.max(0, workerThreads() - workersBefore) }, () => 'worker thread');
}

interface Mounted {
  readonly id: string;
  readonly path: string;
}

/** Files that run beside this one mount too, but each below a temporary directory of its own. */
let temporary: string | undefined;

function mounts(): Mounted[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [mountId, , , , path = ''] = line.split(' ');
      return { id: `${mountId} ${path}`, path };
    })
    .filter(({ path }) => temporary === undefined || path.startsWith(`${temporary}/`));
}

const mountsBefore = new Set(mounts().map(({ id }) => id));

function findMounts(): Mounted[] {
  return mounts().filter(({ id }) => !mountsBefore.has(id));
}

function findLeaks(): string[] {
  return [
    ...findTimers(),
    ...findHandles(),
    ...findWorkers(),
    ...findProcesses().map(([, description]) => description),
    ...findMounts().map(({ path }) => `mount on ${path}`),
  ];
}

/** Ends what is left, so that one leak fails one file and not those after it. */
function cleanUp(): void {
  for (const [pid] of findProcesses()) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // ESRCH: it has ended.
    }
  }
  for (const { path } of findMounts().toReversed()) execFileSync('umount', ['--lazy', '--', path]);
  for (const timer of timers.keys()) clearTimeout(timer);
  globalThis.setTimeout = realSetTimeout;
  globalThis.setInterval = realSetInterval;
}

const [name = '', value = ''] = mark.split('=');
process.env[name] = value;
const temporaryBefore = process.env.TMPDIR;
if (inject('sharesMountTable')) {
  temporary = mkdtempSync(join(tmpdir(), 'st-'));
  process.env.TMPDIR = temporary;
}
watchTimers();

afterAll(async () => {
  const end = performance.now() + graceMs;
  let leaks = findLeaks();
  while (leaks.length > 0 && performance.now() < end) {
    await new Promise<void>((resolve) => {
      realSetTimeout(resolve, pollMs);
    });
    leaks = findLeaks();
  }
  cleanUp();
  if (temporary) {
    rmSync(temporary, { recursive: true, force: true });
    if (temporaryBefore === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporaryBefore;
  }
  if (leaks.length > 0) throw new Error(`this test file leaves behind:\n  ${leaks.join('\n  ')}`);
});

declare module 'vitest' {
  interface ProvidedContext {
    /** Test files run side by side, so a new mount may be another file's. */
    sharesMountTable: boolean;
  }
}
