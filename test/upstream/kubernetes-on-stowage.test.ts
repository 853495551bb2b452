/**
 * Kubernetes' own controller manager on our API server, with our scheduler, node, driver and sidecars. The scheduler of
 * 1.20 waits for a version of PodDisruptionBudget that servers of today do not have.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { freePort, SeparateRoles } from '../e2e/support/separate-roles.ts';
import { kubernetesProgram } from './support/kube-apiserver.ts';

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
    await world.goThroughSixSteps();
  });
});
