/** Roles as processes of their own around one API server, for what is measured without the rest of the system. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { programEntry, Stowage } from '../e2e/support/stowage.ts';

const startTimeoutMs = 30_000;

export class Roles implements AsyncDisposable {
  readonly kubeconfig: string;
  readonly #directory: string;
  readonly #children: ChildProcess[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
    this.kubeconfig = join(directory, 'kubeconfig');
  }

  static async startApiServer(): Promise<Roles> {
    const roles = new Roles(await Stowage.makeDirectory());
    const dataDir = join(roles.#directory, 'data');
    roles.start('apiserver', '--data-dir', dataDir, '--kubeconfig', roles.kubeconfig, '--listen', '127.0.0.1:0');
    const deadline = performance.now() + startTimeoutMs;
    while (!existsSync(roles.kubeconfig)) {
      if (performance.now() > deadline) throw new Error('the API server does not come up');
      await delay(20);
    }
    return roles;
  }

  /** Ends the API server and starts the whole system on what it leaves, at the same address. */
  async replaceByUp(): Promise<void> {
    await this.#stopAll();
    const server = /server: (.*)/.exec(readFileSync(this.kubeconfig, 'utf8'))?.[1]?.trim() ?? '';
    const dataDir = join(this.#directory, 'data');
    this.start('up', '--data-dir', dataDir, '--kubeconfig', this.kubeconfig, '--listen', new URL(server).host);
  }

  start(role: string, ...args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [programEntry(), role, ...args], { stdio: 'ignore' });
    this.#children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopAll();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #stopAll(): Promise<void> {
    for (const child of this.#children.splice(0).toReversed()) {
      if (child.exitCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
  }
}
