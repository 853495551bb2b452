import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Clock, realClock } from './clock.ts';
import { TimeoutError } from './errors.ts';
import { ExecError, realExec, spawnProcess } from './exec.ts';

const exec = realExec(realClock);
const timeoutMs = 20_000;

/** Whether a process runs; one that was killed may stay a zombie until its parent looks. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('running a command', () => {
  it('passes arguments as they are, input, environment and directory', async () => {
    const script = 'printf "%s|%s|%s|" "$1" "$A" "$PWD"; cat';
    const args = ['-c', script, 'sh', '$(id); *'];
    const { stdout } = await exec.run('sh', args, { timeoutMs, input: 'in', env: { A: 'a' }, cwd: '/' });
    expect(stdout).toBe('$(id); *|a|/|in');
  });

  it('keeps characters whole that arrive in pieces', async () => {
    const script = "printf '\\303'; sleep 0.05; printf '\\244'";
    expect((await exec.run('sh', ['-c', script], { timeoutMs })).stdout).toBe('ä');
  });

  it('rejects with status and output when the command fails', async () => {
    const attempt = exec.run('sh', ['-c', 'echo out; echo bad >&2; exit 3'], { timeoutMs });
    await expect(attempt).rejects.toMatchObject({
      name: 'ExecError',
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'bad\n',
      message: 'sh exited with status 3: bad',
    });
  });

  it('rejects when the command does not exist, or is killed by somebody', async () => {
    await expect(exec.run('/nonexistent', [], { timeoutMs })).rejects.toThrow(/could not be started/);
    await expect(exec.run('sh', ['-c', 'kill -TERM $$'], { timeoutMs })).rejects.toMatchObject({ killedBy: 'SIGTERM' });
  });

  it('kills a command that writes more than it may', async () => {
    const attempt = exec.run('sh', ['-c', 'yes'], { timeoutMs, outputLimitBytes: 1000 });
    await expect(attempt).rejects.toThrow('sh wrote more than 1000 bytes and was killed');
  });

  it('does not wait for input that the command never reads', async () => {
    const input = 'x'.repeat(1024 * 1024);
    await expect(exec.run('true', [], { timeoutMs, input })).resolves.toMatchObject({ exitCode: 0 });
  });
});

describe('ending a command', () => {
  /** A shell and its child, both of which ignore SIGTERM, and the pid of the child. */
  async function start(options: { signal?: AbortSignal; timeoutMs: number; clock?: Clock }) {
    const script = 'trap "" TERM; sleep 600 & echo $! > "$1"; wait';
    const pidFile = join(mkdtempSync(join(tmpdir(), 'exec-')), 'pid');
    const running = realExec(options.clock ?? realClock).run('sh', ['-c', script, 'sh', pidFile], options);
    running.catch(() => {});
    await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n')).toBe(true);
    return { running, pid: Number(readFileSync(pidFile, 'utf8')) };
  }

  it('kills the whole group at the deadline', async () => {
    const deadlines: (() => void)[] = [];
    const timer = { unref: () => timer, [Symbol.dispose]() {} };
    const clock: Clock = {
      ...realClock,
      setTimer: (_, callback) => {
        deadlines.push(callback);
        return timer;
      },
    };
    const { running, pid } = await start({ timeoutMs: 5_000, clock });
    expect(isRunning(pid)).toBe(true);
    for (const pass of deadlines) pass();
    const error: unknown = await running.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExecError);
    expect(error).toMatchObject({ message: 'sh timed out after 5000 ms and was killed' });
    expect((error as ExecError).cause).toBeInstanceOf(TimeoutError);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('kills the whole group when the caller aborts', async () => {
    const controller = new AbortController();
    const { running, pid } = await start({ timeoutMs, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

describe('starting a process', () => {
  it('hands over its streams and leaves its end to the caller', async () => {
    const child = spawnProcess('cat', { args: [], stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin?.end('hello');
    const chunks: string[] = [];
    for await (const chunk of child.stdout ?? []) chunks.push(String(chunk));
    expect(chunks.join('')).toBe('hello');
  });
});
