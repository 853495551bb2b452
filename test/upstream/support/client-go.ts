/** Runs test/upstream/go/client, which goes through what Kubernetes' components use client-go for. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RoleChild } from '../../e2e/support/separate-roles.ts';
import { libraryProgram } from './kubernetes-libraries.ts';

/** The names of its steps. */
export function clientSteps(): readonly string[] {
  return execFileSync(libraryProgram('client'), ['-list'], { encoding: 'utf8' }).trim().split('\n');
}

export interface ClientRun {
  readonly kubeconfig: string;
  readonly server: () => RoleChild;
  /** Starts the server again, where it was and with its data. */
  readonly serve: () => void;
  readonly skip?: readonly string[];
}

/** What it tells: `ok STEP` or `failed STEP: why`. When it asks for it, the server is killed and started again. */
export async function runClient({ kubeconfig, server, serve, skip = [] }: ClientRun): Promise<readonly string[]> {
  const args = ['-kubeconfig', kubeconfig, `-skip=${skip.join(',')}`];
  const program = spawn(libraryProgram('client'), args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const told: string[] = [];
  for await (const line of createInterface(program.stdout)) {
    if (line === 'restart the server') {
      await restart(server(), serve);
      program.stdin.write('done\n');
    } else {
      told.push(line);
    }
  }
  return told;
}

export async function restart({ child }: RoleChild, serve: () => void): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  serve();
}
