/** Runs postStart and preStop hooks. */
import type { Container, LifecycleHandler, Pod } from '../../api/index.ts';
import { withDeadline } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { execToEnd } from './exec-to-end.ts';
import type { ProbeNetwork } from './network-action.ts';
import type { PodContext } from './pod-context.ts';

export type HookHost = Pick<PodContext, 'runtime' | 'clock' | 'nodeIp'> & { readonly network: ProbeNetwork };

export interface HookRun {
  readonly pod: Pod;
  readonly container: Container;
  readonly record: ContainerRecord;
  readonly handler: LifecycleHandler;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Rejects when the hook fails or does not end in time. */
export async function runHook(host: HookHost, run: HookRun): Promise<void> {
  const { clock, network, nodeIp } = host;
  const { handler, container, record, timeoutMs, signal } = run;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const { exitCode, output } = await execToEnd(host, record.id, command, { timeoutMs, signal });
    if (exitCode !== 0) {
      throw new HookError(
        `command '${command.join(' ')}' exited with ${exitCode}: , message: ${JSON.stringify(output)}`,
      );
    }
    return;
  }
  await withDeadline({ clock, timeoutMs, what: 'lifecycle hook', signal }, async (inner) => {
    if (handler.sleep) return await clock.sleep(handler.sleep.seconds * 1000, inner);
    const where = { container, podIp: nodeIp, signal: inner };
    const result = handler.httpGet
      ? await clock.boundary(network.httpGet(handler.httpGet, where))
      : handler.tcpSocket && (await clock.boundary(network.tcpSocket(handler.tcpSocket, where)));
    if (result && !result.ok) throw new HookError(result.message);
  });
}

/** A lifecycle hook that said no. */
export class HookError extends Error {
  override readonly name = 'HookError';
}
