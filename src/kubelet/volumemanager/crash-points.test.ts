import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { claimVolume, testPod } from './testing/objects.ts';
import { TestNode } from './testing/test-node.ts';
import { mountPod, plainVolume, removePod } from './testing/volumes.ts';

const pod = testPod('web', [claimVolume('data', 'claim-a'), { name: 'scratch', emptyDir: {} }]);
const uid = pod.metadata.uid;

/** Of all block volumes; they stay. */
const sharedDirectories = ['staging', 'publish'];

/** Every so many crossings the agent dies: prime, so that over the runs each kind of step is hit. */
const stride = 7;
const lastCrossing = 160;
const crossings = Array.from({ length: Math.ceil(lastCrossing / stride) }, (_, index) => index * stride);

async function entries(node: TestNode, ...path: string[]): Promise<readonly string[]> {
  return await readdir(join(node.rootDir, ...path)).catch(() => []);
}

/** Nothing is mounted, and no directory of a volume is left. */
async function expectNothingLeft(node: TestNode): Promise<void> {
  await node.until(() => node.mounter.mounted.length === 0, 'everything is unmounted');
  await node.clock.advance(200_000);
  expect(node.manager.hasPossiblyMountedVolumes(uid)).toBe(false);
  for (const plugin of await entries(node, 'pods', uid, 'volumes')) {
    expect(await entries(node, 'pods', uid, 'volumes', plugin)).toEqual([]);
  }
  for (const driver of await entries(node, 'plugins/kubernetes.io/csi')) {
    const left = await entries(node, 'plugins/kubernetes.io/csi', driver);
    expect(left.filter((entry) => !sharedDirectories.includes(entry))).toEqual([]);
    for (const shared of left) expect(await entries(node, 'plugins/kubernetes.io/csi', driver, shared)).toEqual([]);
  }
}

it.each(crossings)(
  '[rel-F-ND1] [rel-E7] after a death at crossing %i while mounting, the pod still gets its volumes',
  async (at) => {
    await using node = await TestNode.start();
    plainVolume(node);
    node.dieAfter(at);
    node.pods.put(pod);
    await node.clock.advance(100);
    node.dieAfter(0);
    await node.manager[Symbol.asyncDispose]();
    node.dieAfter(undefined);
    node.startManager();
    await mountPod(node, pod);
    expect(node.mounter.mounted).toHaveLength(2);
    await removePod(node, pod);
    await expectNothingLeft(node);
  },
);

it.each(crossings)(
  '[rel-F-ND1] [rel-E19] after a death at crossing %i while mounting, a pod that went leaves nothing',
  async (at) => {
    await using node = await TestNode.start();
    plainVolume(node);
    node.dieAfter(at);
    node.pods.put(pod);
    await node.clock.advance(100);
    node.dieAfter(0);
    await node.manager[Symbol.asyncDispose]();
    node.pods.forget(uid);
    node.dieAfter(undefined);
    node.startManager();
    await expectNothingLeft(node);
  },
);

it.each(crossings)(
  '[rel-F-ND1] [rel-E4] after a death at crossing %i while unmounting, nothing is left',
  async (at) => {
    await using node = await TestNode.start();
    plainVolume(node);
    await mountPod(node, pod);
    node.dieAfter(at);
    node.pods.terminate(uid);
    node.pods.stopContainers(uid);
    await node.clock.advance(100);
    node.dieAfter(0);
    await node.manager[Symbol.asyncDispose]();
    node.pods.forget(uid);
    node.dieAfter(undefined);
    node.startManager();
    await expectNothingLeft(node);
  },
);

const deviceUser = testPod('device-user', [claimVolume('data', 'claim-a')], {
  containers: [{ name: 'c', image: 'i', volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }],
});

it.each(crossings)(
  '[rel-F-ND1] [rel-E18] after a death at crossing %i while mapping, a pod that went leaves nothing of its device',
  async (at) => {
    await using node = await TestNode.start();
    plainVolume(node, 'a', { volumeMode: 'Block' });
    node.dieAfter(at);
    node.pods.put(deviceUser);
    await node.clock.advance(100);
    node.dieAfter(0);
    await node.manager[Symbol.asyncDispose]();
    node.pods.forget(deviceUser.metadata.uid);
    node.dieAfter(undefined);
    node.startManager();
    await expectNothingLeft(node);
  },
);

it.each(crossings)(
  '[rel-F-ND1] [rel-E18] after a death at crossing %i while unmapping, nothing is left of the device',
  async (at) => {
    await using node = await TestNode.start();
    plainVolume(node, 'a', { volumeMode: 'Block' });
    await mountPod(node, deviceUser);
    node.dieAfter(at);
    node.pods.terminate(deviceUser.metadata.uid);
    node.pods.stopContainers(deviceUser.metadata.uid);
    await node.clock.advance(100);
    node.dieAfter(0);
    await node.manager[Symbol.asyncDispose]();
    node.pods.forget(deviceUser.metadata.uid);
    node.dieAfter(undefined);
    node.startManager();
    await expectNothingLeft(node);
  },
);
