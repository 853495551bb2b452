import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../src/api/index.ts';
import { classDraft, nodeDraft, volumeDraft } from './support/objects.ts';
import { ScheduledVolumes } from './support/scheduled-volumes.ts';

const noProvisioner = 'kubernetes.io/no-provisioner';
const bindTimeoutMs = 600_000;
const failure = (reason: string) => `running PreBind plugin "VolumeBinding": binding volumes: ${reason}`;

let world: ScheduledVolumes;

beforeEach(async () => {
  world = await ScheduledVolumes.start();
  const { client } = world.plane;
  await client.create(storageClasses, classDraft('local', undefined, noProvisioner));
  await client.create(storageClasses, classDraft('new'));
  await world.run();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const volume = (name: string) => world.plane.get(persistentVolumes, { name });
const claim = (name: string) => world.plane.get(persistentVolumeClaims, { namespace: 'default', name });

/** The pod `user` with the claims, those of class local with a volume `v-<claim>` on n1. */
async function place(...claims: readonly (readonly [name: string, className: 'local' | 'new'])[]) {
  for (const [name, className] of claims) {
    await world.createClaim(name, className);
    if (className === 'local') await world.createVolume(`v-${name}`, className);
  }
  await world.createPod(
    'user',
    claims.map(([name]) => name),
  );
}

describe('what the scheduler writes before it binds a pod', () => {
  it('[H4] the claim into a volume, marked as its own doing', async () => {
    await place(['a', 'local']);
    const written = await volume('v-a');
    expect(written?.spec.claimRef).toMatchObject({
      name: 'a',
      namespace: 'default',
      uid: (await claim('a'))?.metadata.uid,
    });
    expect(written?.metadata.annotations?.['pv.kubernetes.io/bound-by-controller']).toBe('yes');
    expect(await world.nodeOf('user')).toBeUndefined();
    await world.bind('a', 'v-a');
    expect(await world.nodeOf('user')).toBe('n1');
  });

  it('[H4] the uid into a volume that its owner reserved, and no mark', async () => {
    await world.createVolume('mine', 'local', { claimRef: { namespace: 'default', name: 'a' } });
    await world.createClaim('a', 'local');
    await world.createPod('user', ['a']);
    const written = await volume('mine');
    expect(written?.spec.claimRef?.uid).toBe((await claim('a'))?.metadata.uid);
    expect(written?.metadata.annotations?.['pv.kubernetes.io/bound-by-controller']).toBeUndefined();
  });

  it('[H4] nothing into a volume that is reserved already', async () => {
    await world.createClaim('a', 'local');
    const uid = (await claim('a'))?.metadata.uid ?? '';
    await world.createVolume('mine', 'local', { claimRef: { namespace: 'default', name: 'a', uid } });
    const before = (await volume('mine'))?.metadata.resourceVersion;
    await world.createPod('user', ['a']);
    expect((await volume('mine'))?.metadata.resourceVersion).toBe(before);
    await world.bind('a', 'mine');
    expect(await world.nodeOf('user')).toBe('n1');
  });

  it('[H4] nothing into a claim whose node is selected already', async () => {
    await world.createClaim('a', 'new');
    await world.patchClaim('a', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n1' } } });
    const before = (await claim('a'))?.metadata.resourceVersion;
    await world.createPod('user', ['a']);
    expect((await claim('a'))?.metadata.resourceVersion).toBe(before);
    expect(await world.nodeOf('user')).toBeUndefined();
  });

  it('[H4][H5][rel-H3] volumes and nodes for all claims, and waits for all', async () => {
    await place(['a', 'local'], ['b', 'new']);
    expect([await world.ownerOf('v-a'), await world.selectedFor('a'), await world.selectedFor('b')]).toEqual([
      'a',
      undefined,
      'n1',
    ]);
    await world.bind('a', 'v-a');
    expect(await world.nodeOf('user')).toBeUndefined();
    await world.createVolume('made', 'new');
    await world.bind('b', 'made');
    expect(await world.nodeOf('user')).toBe('n1');
  });

  it('[H4] nothing when all claims are bound', async () => {
    await world.createClaim('a', 'local');
    await world.createVolume('v', 'local');
    await world.bind('a', 'v');
    const before = [(await claim('a'))?.metadata.resourceVersion, (await volume('v'))?.metadata.resourceVersion];
    await world.createPod('user', ['a']);
    expect(await world.nodeOf('user')).toBe('n1');
    expect([(await claim('a'))?.metadata.resourceVersion, (await volume('v'))?.metadata.resourceVersion]).toEqual(
      before,
    );
  });

  it('[H4] one node for the claim that two pods share', async () => {
    await world.createClaim('a', 'new');
    await Promise.all(['one', 'two'].map((name) => world.createPod(name, ['a'])));
    expect([await world.warningsOf('one'), await world.warningsOf('two')]).toEqual([[], []]);
    await world.createVolume('made', 'new');
    await world.bind('a', 'made');
    expect([await world.nodeOf('one'), await world.nodeOf('two')]).toEqual(['n1', 'n1']);
  });

  it('[H4][rel-H3] a pod that shares the claim does not wait for one whose write was refused', async () => {
    await world.createVolume('v', 'local');
    await world.createClaim('a', 'local');
    let refusals = 1;
    world.refused.set('PersistentVolume v', () => (refusals-- > 0 ? new TypeError('refused by the test') : undefined));
    await Promise.all(['one', 'two'].map((name) => world.createPod(name, ['a'])));
    await world.plane.clock.advance(20_000);
    await world.bind('a', 'v');
    expect([await world.nodeOf('one'), await world.nodeOf('two')]).toEqual(['n1', 'n1']);
  });

  it('[H4] one volume for the claim that two pods share', async () => {
    await world.createVolume('small', 'local');
    await world.createVolume('large', 'local', { capacity: { storage: '5Gi' } });
    await world.createClaim('a', 'local');
    await Promise.all(['one', 'two'].map((name) => world.createPod(name, ['a'])));
    expect([await world.ownerOf('small'), await world.ownerOf('large')]).toEqual(['a', undefined]);
    expect([await world.warningsOf('one'), await world.warningsOf('two')]).toEqual([[], []]);
    await world.bind('a', 'small');
    expect([await world.nodeOf('one'), await world.nodeOf('two')]).toEqual(['n1', 'n1']);
  });
});

/** What happens while the pod waits, and what is told of it. */
const rows: readonly {
  title: string;
  claim: 'local' | 'new';
  happens: () => Promise<void>;
  told: string;
}[] = [
  {
    title: 'the node is deleted',
    claim: 'new',
    happens: () => world.plane.client.delete(nodes, { name: 'n1' }).then(() => {}),
    told: failure('failed to get node "n1": node "n1" not found'),
  },
  {
    title: 'the node is taken back',
    claim: 'new',
    happens: () =>
      world.patchClaim('a', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': null, other: 'x' } } }),
    told: failure('provisioning failed for PVC "a"'),
  },
  {
    title: 'another node is selected',
    claim: 'new',
    happens: () => world.patchClaim('a', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n9' } } }),
    told: failure('provisioning failed for PVC "a"'),
  },
  {
    title: 'the volume is made where the node does not reach it',
    claim: 'new',
    happens: async () => {
      await world.createVolume('made', 'new', { node: 'n9' });
      await world.bind('a', 'made');
    },
    told: failure('pv "made" node affinity doesn\'t match node "n1": no matching NodeSelectorTerms'),
  },
  {
    title: 'the claim is deleted',
    claim: 'new',
    happens: () => world.erase(persistentVolumeClaims, 'a'),
    told: failure(
      'failed to check provisioning pvc: could not find v1.PersistentVolumeClaim "default/a": object not found',
    ),
  },
  {
    title: 'the volume is deleted',
    claim: 'local',
    happens: () => world.erase(persistentVolumes, 'v-a'),
    told: failure('failed to check binding: could not find v1.PersistentVolume "v-a": object not found'),
  },
  {
    title: 'the volume is given to nobody',
    claim: 'local',
    happens: () => world.patchVolume('v-a', { spec: { claimRef: null } }),
    told: failure('ClaimRef got reset for pv "v-a"'),
  },
  {
    title: 'nothing, for too long',
    claim: 'local',
    happens: () => world.plane.clock.advance(bindTimeoutMs),
    told: failure('context deadline exceeded'),
  },
];

describe('a pod whose volumes are being bound', () => {
  it.each(rows)(
    '[H4][rel-H3] is placed anew when this happens: $title',
    async ({ claim: className, happens, told }) => {
      await place(['a', className]);
      expect(await world.warningsOf('user')).toEqual([]);
      await happens();
      await world.plane.clock.settle();
      expect((await world.warningsOf('user'))[0]).toBe(told);
      expect(await world.nodeOf('user')).toBeUndefined();
    },
  );

  it('[H4] waits until shortly before its deadline without a word', async () => {
    await place(['a', 'new']);
    await world.plane.clock.advance(bindTimeoutMs - 1);
    expect(await world.warningsOf('user')).toEqual([]);
    await world.createVolume('made', 'new');
    await world.bind('a', 'made');
    expect(await world.nodeOf('user')).toBe('n1');
  });

  it('[H4] is woken by the volume when the claim named it first', async () => {
    await place(['a', 'new']);
    await world.bind('a', 'made');
    expect(await world.nodeOf('user')).toBeUndefined();
    const uid = (await claim('a'))?.metadata.uid ?? '';
    const draft = volumeDraft('made', 'new', 'n1');
    const claimRef = { namespace: 'default', name: 'a', uid };
    await world.plane.client.create(persistentVolumes, { ...draft, spec: { ...draft.spec, claimRef } });
    await world.plane.clock.settle();
    expect(await world.nodeOf('user')).toBe('n1');
  });

  it('[H4][rel-H3] leaves its volumes to others when it is deleted', async () => {
    let isRefused = true;
    world.refused.set('PersistentVolume v-a', () => (isRefused ? new TypeError('refused by the test') : undefined));
    await place(['a', 'local']);
    await world.deletePod('user');
    isRefused = false;
    await world.createClaim('b', 'local');
    await world.createPod('other', ['b']);
    expect(await world.ownerOf('v-a')).toBe('b');
  });

  it('[H4] says nothing of a pod that was deleted while it waited', async () => {
    await place(['a', 'new']);
    await world.deletePod('user');
    await world.plane.clock.advance(bindTimeoutMs);
    expect(await world.warningsOf('user')).toEqual([]);
  });
});

describe('a write of the scheduler that is refused', () => {
  it('[rel-H3] leaves the later volumes of the pod free, and the pod tries again', async () => {
    let isRefused = true;
    world.refused.set('PersistentVolume v-b', () => (isRefused ? new TypeError('refused by the test') : undefined));
    await place(['a', 'local'], ['b', 'local'], ['c', 'new']);
    expect(await world.warningsOf('user')).toEqual(['running PreBind plugin "VolumeBinding": refused by the test']);
    expect([await world.ownerOf('v-b'), await world.selectedFor('c')]).toEqual([undefined, undefined]);
    isRefused = false;
    await world.plane.clock.advance(20_000);
    expect([await world.ownerOf('v-a'), await world.ownerOf('v-b'), await world.selectedFor('c')]).toEqual([
      'a',
      'b',
      'n1',
    ]);
  });

  it('[H4] because the volume is gone does not lose the pod', async () => {
    let erase: Promise<void> | undefined;
    await world.createClaim('a', 'local');
    await world.createVolume('v-a', 'local');
    world.refused.set('PersistentVolume v-a', () => {
      erase ??= world.erase(persistentVolumes, 'v-a');
      return undefined;
    });
    await world.createPod('user', ['a']);
    await erase;
    expect(await world.nodeOf('user')).toBeUndefined();
    await world.createVolume('v-late', 'local');
    await world.plane.clock.advance(20_000);
    expect(await world.ownerOf('v-late')).toBe('a');
  });

  it('[rel-H4] by a conflict gives the volume to the one who was first', async () => {
    let other: Promise<void> | undefined;
    await world.createClaim('a', 'local');
    await world.createVolume('v-a', 'local');
    world.refused.set('PersistentVolume v-a', () => {
      other ??= world.patchVolume('v-a', { spec: { claimRef: { namespace: 'default', name: 'quick', uid: 'u' } } });
      return undefined;
    });
    await world.createPod('user', ['a']);
    await other;
    await world.plane.clock.advance(20_000);
    expect(await world.ownerOf('v-a')).toBe('quick');
    expect((await world.warningsOf('user')).at(-1)).toContain(
      "1 node(s) didn't find available persistent volumes to bind",
    );
  });
});

describe('a node that dies', () => {
  it('[rel-H3] leaves the pod to another node once the provisioner gave the claim back', async () => {
    await place(['a', 'new']);
    await world.plane.client.create(nodes, nodeDraft('n2'));
    await world.plane.client.delete(nodes, { name: 'n1' });
    await world.patchClaim('a', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': null } } });
    await world.plane.clock.advance(20_000);
    expect(await world.selectedFor('a')).toBe('n2');
  });
});
