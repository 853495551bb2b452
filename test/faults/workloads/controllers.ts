/** Pods that other controllers make. */
import { deployments, jobs, persistentVolumeClaims, pods } from '../../../src/api/index.ts';
import { claimDraft, podDraft } from '../../integration/support/objects.ts';
import type { World } from '../world.ts';
import { keyIn, type Workload } from './workload.ts';

async function createSharedClaim(world: World): Promise<void> {
  const draft = claimDraft('shared', 'now');
  await world.create(persistentVolumeClaims, { ...draft, spec: { ...draft.spec, accessModes: ['ReadWriteMany'] } });
  await world.untilBound('shared');
}

function templateOf(version: string) {
  const { spec } = podDraft('unused', 'shared');
  return { metadata: { labels: { app: 'web', version } }, spec };
}

async function untilRunning(world: World, version: string, count: number): Promise<void> {
  await world.until(`${count} pods of ${version} running`, async () => {
    const { items } = await world.plane.client.list(pods, { namespace: 'default' });
    const running = items.filter(({ status, metadata }) => status?.phase === 'Running' && !metadata.deletionTimestamp);
    return running.length === count && running.every(({ metadata }) => metadata.labels?.version === version);
  });
}

export const rollout: Workload = {
  name: 'a Deployment rolls over to a new template, and goes',
  run: async (world) => {
    await createSharedClaim(world);
    const selector = { matchLabels: { app: 'web' } };
    await world.create(deployments, {
      metadata: keyIn('web'),
      spec: { replicas: 2, selector, template: templateOf('one') },
    });
    await untilRunning(world, 'one', 2);
    await world.change(deployments, keyIn('web'), { spec: { template: templateOf('two') } });
    await untilRunning(world, 'two', 2);
    await world.remove(deployments, keyIn('web'));
    await untilRunning(world, 'none', 0);
    await world.remove(persistentVolumeClaims, keyIn('shared'));
    await world.until('backend empty', async () => world.backend.volumes.size === 0);
  },
};

export const job: Workload = {
  name: 'a Job runs with a volume and is deleted',
  run: async (world) => {
    await createSharedClaim(world);
    const template = templateOf('once');
    await world.create(jobs, {
      metadata: keyIn('once'),
      spec: {
        completions: 2,
        parallelism: 1,
        template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
      },
    });
    for (const done of [1, 2]) {
      await untilRunning(world, 'once', 1);
      const { items } = await world.plane.client.list(pods, { namespace: 'default' });
      const running = items.find(({ status }) => status?.phase === 'Running');
      for (const kubelet of world.kubelets.values()) await kubelet.end(running?.metadata.name ?? '');
      await world.until(`${done} succeeded`, async () => {
        const current = await world.plane.get(jobs, keyIn('once'));
        return current?.status?.succeeded === done;
      });
    }
    await world.remove(jobs, keyIn('once'));
    await untilRunning(world, 'none', 0);
    await world.remove(persistentVolumeClaims, keyIn('shared'));
    await world.until('backend empty', async () => world.backend.volumes.size === 0);
  },
};
