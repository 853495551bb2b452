/** Kubernetes' own client library, of 1.36, on our API server: test/upstream/go/client tells step by step how it goes. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, type RoleChild, SeparateRoles } from '../e2e/support/separate-roles.ts';
import { libraryProgram, missingLibraries } from './support/kubernetes-libraries.ts';

const missing = missingLibraries();
const client = libraryProgram('client');
const steps = missing ? ['nothing'] : execFileSync(client, ['-list'], { encoding: 'utf8' }).trim().split('\n');

describe.skipIf(missing)(missing ? `client-go: ${missing}` : 'client-go', () => {
  let world: SeparateRoles;
  let told: readonly string[] = [];

  beforeAll(async () => {
    const address = `127.0.0.1:${await freePort()}`;
    let server: RoleChild | undefined;
    const serve = (of: SeparateRoles) => {
      const { path } = of;
      const flags = ['--data-dir', path('data'), '--kubeconfig', path('kubeconfig'), '--listen', address];
      server = of.spawn('apiserver', ...flags);
    };
    world = await SeparateRoles.startApiServer(async (started) => {
      serve(started);
      await started.until(['get', '--raw', '/readyz'], (out) => out === 'ok');
      return started.path('kubeconfig');
    });
    told = await run(world.path('kubeconfig'), async () => {
      server?.child.kill('SIGKILL');
      if (server) await once(server.child, 'exit');
      serve(world);
    });
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  it.each(steps)('%s', (step) => {
    expect(told).toContain(`ok ${step}`);
  });
});

/** What the program tells, restarting the server when it asks for it. */
async function run(kubeconfig: string, restart: () => Promise<void>): Promise<readonly string[]> {
  const program = spawn(client, ['-kubeconfig', kubeconfig], { stdio: ['pipe', 'pipe', 'ignore'] });
  const told: string[] = [];
  for await (const line of createInterface(program.stdout)) {
    told.push(line);
    if (line !== 'restart the server') continue;
    await restart();
    program.stdin.write('done\n');
  }
  return told;
}
