import { describe, expect, it } from 'vitest';
import { startVolumeProtectionController } from '../../../src/controllers/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { type Kill, mortalClient, startOn } from '../support/controllers.ts';
import { fakePluginName } from './fake-plugin.ts';
import { boundClaim, claim, storageClass, volume } from './objects.ts';
import { runRecyclerPods } from './recycler-kubelet.ts';
import { component, type Given, World } from './table.ts';

interface Workload {
  readonly name: string;
  readonly given: Given;
  /** What users do, one after the other, whether or not the controller lives. */
  readonly steps?: readonly ((world: World) => Promise<unknown>)[];
}

interface End {
  readonly pictures: readonly string[];
  /** Names of the volumes whose storage exists. */
  readonly storage: readonly string[];
  readonly writes: readonly string[];
}

/** Longer than any back-off that one crash can cause. */
const settleMs = 60_000;
const undisturbed: Kill = { afterWrites: Number.POSITIVE_INFINITY, lastWriteLands: true };

async function play({ given, steps = [] }: Workload, kill: Kill): Promise<End> {
  await using plane = await ControlPlane.start();
  const world = new World(plane);
  await world.createAll(given);
  for (const { draft } of given.volumes ?? []) world.backend.storage.add(draft.metadata.name ?? '');
  await startOn(plane, 'pv-protection', startVolumeProtectionController);
  await runRecyclerPods(world);
  const mortal = mortalClient(plane.clientOf(component), kill);
  let running: AsyncDisposable | undefined = await world.start({}, mortal.client);
  const reviveDead = async () => {
    if (!mortal.isDead || !running) return;
    await running[Symbol.asyncDispose]();
    running = undefined;
    await world.start();
  };
  for (const step of [() => Promise.resolve(), ...steps]) {
    await step(world);
    await plane.clock.advance(settleMs);
    await reviveDead();
    await plane.clock.advance(settleMs);
  }
  const uids = /[0-9a-f]{8}-[0-9a-f-]{27}/;
  const storage = [...world.backend.storage].map((name) => name.replace(uids, 'uid')).sort();
  return { pictures: await world.pictures(), storage, writes: mortal.writes };
}

const provisioned = { policy: 'Delete', class: 'gold', provisionedBy: fakePluginName, controller: true };
const workloads: readonly (Workload & { readonly end: readonly string[] })[] = [
  {
    name: '[B8] [rel-L10] a claim and two volumes',
    given: { volumes: [volume('v'), volume('w', { size: '2Gi', phase: 'Pending' })], claims: [claim('c')] },
    end: ['v Bound to c (controller)', 'w Available', 'c Bound on v (controller) 1Gi'],
  },
  {
    name: '[B5] [rel-L10] a claim and a volume that name each other',
    given: { volumes: [volume('v', { for: 'c', phase: 'Pending' })], claims: [claim('c', { on: 'v' })] },
    end: ['v Bound to c', 'c Bound on v 1Gi'],
  },
  {
    name: '[B6] [rel-L10] a volume that is lost and comes back',
    given: { volumes: [volume('v', { to: 'c', phase: 'Bound' })], claims: [boundClaim('c', 'v')] },
    steps: [(world) => world.removeVolume('v'), (world) => world.createVolume(volume('v'))],
    end: ['v Bound to c (controller)', 'c Bound on v (controller) 1Gi'],
  },
  {
    name: '[B7] [rel-L10] a retained volume whose claim goes',
    given: { volumes: [volume('v')], claims: [claim('c')] },
    steps: [(world) => world.removeClaim('c')],
    end: ['v Released to gone c (controller)'],
  },
  {
    name: '[B7] [rel-L10] a volume bound to a claim that took another',
    given: {
      volumes: [volume('v', { to: 'c', controller: true, phase: 'Bound' }), volume('w', { to: 'c', phase: 'Bound' })],
      claims: [boundClaim('c', 'w')],
    },
    end: ['v Available', 'w Bound to c', 'c Bound on w (controller) 1Gi'],
  },
  {
    name: '[B12] [rel-L10] a volume that is recycled and goes to the next claim',
    given: { volumes: [volume('v', { policy: 'Recycle' })], claims: [claim('c')] },
    steps: [(world) => world.removeClaim('c'), (world) => world.createClaim(claim('d'))],
    end: ['v Bound to d (controller)', 'd Bound on v (controller) 1Gi'],
  },
  {
    name: '[B14] [rel-L10] a volume that is provisioned and deleted by a plugin of this process',
    given: { classes: [storageClass('gold', fakePluginName)], claims: [claim('c', { class: 'gold' })] },
    steps: [(world) => world.removeClaim('c')],
    end: [],
  },
  {
    name: '[B11] [B16] [rel-C6] [rel-L10] a volume that is deleted before its claim',
    given: {
      volumes: [volume('v', { ...provisioned, to: 'c', phase: 'Bound' })],
      claims: [boundClaim('c', 'v', { class: 'gold' })],
    },
    steps: [(world) => world.deleteVolume('v'), (world) => world.removeClaim('c')],
    end: [],
  },
  {
    name: '[B14] [rel-L10] a volume that is provisioned',
    given: { classes: [storageClass('gold', fakePluginName)], claims: [claim('c', { class: 'gold' })] },
    end: ['pvc Bound to c (controller) (held)', 'c Bound on pvc (controller) 1Gi'],
  },
];

async function survivesEveryKill(workload: Workload, end: readonly string[]): Promise<void> {
  const reference = await play(workload, undisturbed);
  expect(reference.pictures).toEqual(end);
  expect(reference.writes.length).toBeGreaterThan(0);
  for (let afterWrites = 0; afterWrites < reference.writes.length; afterWrites++) {
    for (const lastWriteLands of [false, true]) {
      const { pictures, storage } = await play(workload, { afterWrites, lastWriteLands });
      const at = `killed ${lastWriteLands ? 'after' : 'before'} write ${afterWrites}: ${reference.writes[afterWrites]}`;
      expect({ at, pictures, storage }).toEqual({ at, pictures: reference.pictures, storage: reference.storage });
    }
  }
}

describe('[B5] [B6] [B7] [B8] [B11] [B12] [B14] [B16] [rel-C6] [rel-L10] killed before and after each of its writes, the controller ends as if nothing had happened', () => {
  for (const workload of workloads) it(workload.name, () => survivesEveryKill(workload, workload.end));
});
