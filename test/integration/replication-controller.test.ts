import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PodTemplateSpec, pods, replicationControllers } from '../../src/api/index.ts';
import { startReplicationController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';
import { PodAgent } from './support/pod-agent.ts';

const key = { namespace: 'default', name: 'web' };

function template(labels: Record<string, string>): PodTemplateSpec {
  // Templates carry no identity; the type asks for more than the server does.
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox:1' }] } } as never;
}

describe('the ReplicationController controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    await PodAgent.start(plane);
    await startOn(plane, 'replication-controller', startReplicationController);
    await plane.client.create(replicationControllers, {
      metadata: key,
      spec: { replicas: 2, template: template({ app: 'web', tier: 'front' }) },
    });
    await plane.clock.settle();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  it('[U1] keeps its number of pods, selected by the labels of its template when it names none', async () => {
    const { items } = await plane.client.list(pods);
    expect(items.map(({ metadata }) => metadata.ownerReferences?.[0]?.kind)).toEqual([
      'ReplicationController',
      'ReplicationController',
    ]);
    expect((await plane.client.get(replicationControllers, key)).status).toEqual({
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      observedGeneration: 1,
    });
    expect((await plane.eventsOf('web'))[0]).toMatch(/^Normal SuccessfulCreate Created pod: web-.{5}$/);
  });

  it('[U1] follows a change of the number', async () => {
    for (const replicas of [5, 1]) {
      await plane.client.patch(replicationControllers, key, { type: 'merge', body: { spec: { replicas } } });
      await plane.clock.settle();
      expect((await plane.client.list(pods)).items).toHaveLength(replicas);
    }
  });
});
