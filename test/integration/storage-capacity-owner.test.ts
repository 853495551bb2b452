/** Whom CSIStorageCapacity objects belong to when a pod publishes them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  deployments,
  type OwnerReference,
  pods,
  type ResourceType,
  replicaSets,
  statefulSets,
} from '../../src/api/index.ts';
import { lookUpOwner } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { podDraft } from './support/objects.ts';

const namespace = 'default';

describe('the owner of published capacity', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const selector = { matchLabels: { app: 'driver' } };
  const template = { metadata: { labels: selector.matchLabels }, spec: podDraft('x').spec };
  const controlledBy = (kind: string, { name, uid }: { name: string; uid: string }): OwnerReference[] => [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'beside', uid: 'another' },
    { apiVersion: 'apps/v1', kind, name, uid, controller: true },
  ];
  const lookUp = (level: number, ...kinds: ResourceType[]) => {
    const question = { namespace, podName: 'driver-0', level, discover: async () => kinds };
    return lookUpOwner(plane.client, question, new AbortController().signal);
  };

  async function createPod(ownerReferences: OwnerReference[] = []) {
    const draft = podDraft('driver-0');
    return await plane.client.create(pods, { ...draft, metadata: { ...draft.metadata, ownerReferences } });
  }

  it('[O14] is the pod itself at level 0', async () => {
    const { metadata } = await createPod();
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'driver-0', uid: metadata.uid, controller: true };
    expect(await lookUp(0)).toEqual(owner);
  });

  it('[O14] is the controller of the pod at level 1, which need not be readable', async () => {
    await createPod(controlledBy('Unknown', { name: 'driver', uid: '1-2' }));
    const owner = { apiVersion: 'apps/v1', kind: 'Unknown', name: 'driver', uid: '1-2', controller: true };
    expect(await lookUp(1)).toEqual(owner);
  });

  it('[O14] is the controller of that at level 2', async () => {
    const deployment = await plane.client.create(deployments, {
      metadata: { namespace, name: 'driver' },
      spec: { selector, template },
    });
    const set = await plane.client.create(replicaSets, {
      metadata: { namespace, name: 'driver-1', ownerReferences: controlledBy('Deployment', deployment.metadata) },
      spec: { selector, template },
    });
    await createPod(controlledBy('ReplicaSet', set.metadata));
    expect(await lookUp(2)).toMatchObject({ kind: 'Deployment', name: 'driver', uid: deployment.metadata.uid });
  });

  it('[O14] is nobody when there are not so many levels', async () => {
    const { metadata } = await plane.client.create(statefulSets, {
      metadata: { namespace, name: 'driver' },
      spec: { selector, template, serviceName: 'driver' },
    });
    await createPod(controlledBy('StatefulSet', metadata));
    await expect(lookUp(2)).rejects.toThrow(
      'apps/v1/StatefulSet "driver" in namespace "default" has no controlling owner, cannot unwind the ownership further',
    );
  });

  it('[O14] is nobody when a kind on the way is not known', async () => {
    await createPod(controlledBy('Unknown', { name: 'driver', uid: '1-2' }));
    await expect(lookUp(2)).rejects.toThrow('the server has no apps/v1/Unknown');
  });

  it('[O14] may be above a kind that only the server knows', async () => {
    const ownerReferences = controlledBy('Operator', { name: 'all', uid: '1-3' });
    const { metadata } = await plane.client.create(statefulSets, {
      metadata: { namespace, name: 'driver', ownerReferences },
      spec: { selector, template, serviceName: 'driver' },
    });
    await createPod(controlledBy('CloneSet', metadata));
    // What is called by another kind here stands for a custom resource.
    expect(await lookUp(2, { ...statefulSets, kind: 'CloneSet' })).toMatchObject({ kind: 'Operator', name: 'all' });
  });

  it('[O14] is nobody when there is no such pod', async () => {
    await expect(lookUp(1)).rejects.toThrow('pods "driver-0" not found');
  });
});
