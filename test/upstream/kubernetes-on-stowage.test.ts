/**
 * Kubernetes' own controller manager on our API server, with our scheduler, node, driver and sidecars. The scheduler of
 * 1.20 waits for a version of PodDisruptionBudget that servers of today do not have.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, SeparateRoles } from '../e2e/support/separate-roles.ts';
import { kubernetesProgram } from './support/kube-apiserver.ts';

const manifest = join(import.meta.dirname, '..', '..', 'examples', 'statefulset.yaml');

describe('on our API server', () => {
  let world: SeparateRoles;

  beforeAll(async () => {
    world = await SeparateRoles.start();
    world.spawnProgram(
      kubernetesProgram('kube-controller-manager'),
      '--kubeconfig',
      await world.kubeconfigOf('system:kube-controller-manager'),
      '--bind-address=127.0.0.1',
      '--port=0',
      `--secure-port=${await freePort()}`,
      '--use-service-account-credentials=true',
      '--root-ca-file',
      world.path('data', 'pki', 'ca.crt'),
      '--controllers=*,-cronjob,-disruption',
    );
    await world.startComponent('scheduler');
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  it('the six steps are gone through by Kubernetes’ own controllers', async () => {
    const running = (out: string) => (out.match(/1\/1\s+Running/g) ?? []).length === 2;
    await world.kubectl(['apply', '-f', manifest]);
    await world.until(['get', 'pods'], running);
    const first = await world.until(['exec', 'web-0', '--', 'head', '-n', '1', '/data/log'], (out) => out !== '');
    await world.kubectl(['delete', 'pod', 'web-0']);
    await world.until(['get', 'pods'], running);
    const second = await world.until(['exec', 'web-0', '--', 'head', '-n', '1', '/data/log'], (out) => out !== '');
    expect(second).toBe(first);
    await world.kubectl(['delete', 'statefulset', 'web']);
    await world.until(['get', 'pods', '--no-headers'], (out) => out === '');
    await world.kubectl(['delete', 'pvc', '--all']);
    await world.until(['get', 'pv,volumeattachments', '--no-headers'], (out) => out === '');
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(world.directory);
  });
});
