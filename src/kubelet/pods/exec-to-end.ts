/** Runs a command in a container to its end: for probes and hooks. */
import type { Readable } from 'node:stream';
import { type Clock, isAbort, messageOf, TimeoutError, withDeadline } from '../../base/index.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';

/** Upstream keeps 10 KiB of a probe's output for its events. */
const outputLimitBytes = 10 * 1024;

export interface CommandEnd {
  /** 124 for a command that did not end in time. */
  readonly exitCode: number;
  readonly output: string;
}

const timedOutCode = 124;

async function collect(stream: Readable, into: Buffer[]): Promise<void> {
  let bytes = 0;
  for await (const chunk of stream) {
    if (bytes < outputLimitBytes) into.push(chunk.subarray(0, outputLimitBytes - bytes));
    bytes += chunk.length;
  }
}

export async function execToEnd(
  host: { readonly runtime: ContainerRuntime; readonly clock: Clock },
  containerId: string,
  command: readonly string[],
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<CommandEnd> {
  const output: Buffer[] = [];
  const what = `command ${JSON.stringify(command)}`;
  try {
    const exitCode = await withDeadline({ ...host, ...options, what }, async (signal) => {
      const session = await host.runtime.exec(containerId, { command, stdin: false, tty: false, signal });
      const outputs = Promise.all([collect(session.stdout, output), collect(session.stderr, output)]);
      const [code] = await host.clock.boundary(Promise.all([session.exitCode, outputs]));
      return code;
    });
    return { exitCode, output: Buffer.concat(output).toString('utf8') };
  } catch (thrown) {
    if (isAbort(thrown) || !(thrown instanceof TimeoutError)) throw thrown;
    return { exitCode: timedOutCode, output: messageOf(thrown) };
  }
}
