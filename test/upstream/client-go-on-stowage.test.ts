/** Kubernetes' own client library, of 1.36, on our API server: test/upstream/go/client tells step by step how it goes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, type RoleChild, SeparateRoles } from '../e2e/support/separate-roles.ts';
import { clientSteps, runClient } from './support/client-go.ts';
import { missingLibraries } from './support/kubernetes-libraries.ts';

const missing = missingLibraries();

describe.skipIf(missing)(missing ? `client-go: ${missing}` : 'client-go', () => {
  let world: SeparateRoles;
  let told: readonly string[] = [];

  beforeAll(async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const serve = (of: SeparateRoles): RoleChild => {
      const flags = ['--data-dir', of.path('data'), '--kubeconfig', of.path('kubeconfig'), '--listen', address];
      return of.spawn('apiserver', ...flags);
    };
    const servers: RoleChild[] = [];
    world = await SeparateRoles.startApiServer(async (started) => {
      servers.push(serve(started));
      await started.until(['get', '--raw', '/readyz'], (out) => out === 'ok');
      return started.path('kubeconfig');
    });
    told = await runClient({
      kubeconfig: world.path('kubeconfig'),
      server: () => servers.at(-1) as RoleChild,
      serve: () => servers.push(serve(world)),
    });
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  it.each(missing ? ['nothing'] : clientSteps())('%s', (step) => {
    expect(told).toContain(`ok ${step}`);
  });
});
