import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ApiStatusError,
  type KubernetesObject,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { startVolumeProtectionController } from '../../../src/controllers/index.ts';
import { MetricsRegistry } from '../../../src/metrics/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { blindClient, laggingClient, startOn } from '../support/controllers.ts';
import { podDraft } from '../support/objects.ts';
import { fakePluginName } from './fake-plugin.ts';
import { boundClaim, claim, storageClass, volume } from './objects.ts';
import { component, World } from './table.ts';

/** Paths of two parts whose values differ. */
function changedPaths(before: object, after: object): string[] {
  const parts = (object: object): [string, object][] =>
    Object.entries(object).filter((entry): entry is [string, object] => typeof entry[1] === 'object');
  const names = new Set([...parts(before), ...parts(after)].map(([name]) => name));
  return [...names].flatMap((name) => {
    const [was, is] = [before, after].map((object) => new Map(Object.entries(new Map(parts(object)).get(name) ?? {})));
    const keys = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
    return [...keys]
      .filter((key) => JSON.stringify(was?.get(key)) !== JSON.stringify(is?.get(key)))
      .map((key) => `${name}.${key}`);
  });
}

describe('the persistent volume controller at work', () => {
  let plane: ControlPlane;
  let world: World;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    world = new World(plane);
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  it('[B1] looks again at what is unsettled, once per period, and writes nothing for it', async () => {
    await world.createClass(storageClass('wait', 'd.example.com', { wait: true }));
    await world.createClaim(claim('c', { class: 'wait' }));
    await world.start({ syncPeriodMs: 45_000 });
    // That a pod waits for a node is seen by looking: a pod alone wakes no claim.
    await plane.client.create(pods, podDraft('p', 'c'));
    await plane.clock.advance(44_000);
    const before = await world.events();
    expect(before).toEqual(['c Normal WaitForFirstConsumer waiting for first consumer to be created before binding']);
    await plane.clock.advance(1000);
    expect((await world.events()).slice(1)).toEqual(['c Normal WaitForPodScheduled waiting for pod p to be scheduled']);
    const revision = await world.revision();
    await plane.clock.advance(10 * 60_000);
    expect(await world.revision()).toBe(revision);
  });

  it('[B4] names all pods that wait, in order', async () => {
    await world.createClass(storageClass('wait', 'd.example.com', { wait: true }));
    for (const name of ['q', 'p']) await plane.client.create(pods, podDraft(name, 'c'));
    await world.createClaim(claim('c', { class: 'wait' }));
    await world.start();
    expect(await world.events()).toEqual(['c Normal WaitForPodScheduled waiting for pods p,q to be scheduled']);
  });

  it('[B1] [rel-L12] writes nothing at rest over volumes and claims in every phase', async () => {
    await world.createClaim(boundClaim('bound', 'a'));
    await world.createClaim(boundClaim('lost', 'gone', { phase: 'Lost' }));
    await world.createClaim(claim('waits', { on: 'nothing' }));
    await world.createClaim(claim('classless'));
    await world.createClaim(claim('unknown', { class: 'unknown' }));
    await world.createVolume(volume('a', { to: 'bound', controller: true, phase: 'Bound' }));
    await world.createVolume(volume('b', { class: 'other' }));
    await world.createVolume(volume('kept', { toGone: 'x', phase: 'Released' }));
    await world.createVolume(volume('failed', { toGone: 'x', phase: 'Failed', policy: 'Delete', source: nfs }));
    await world.createVolume(volume('reserved', { for: 'y' }));
    await world.start();
    await plane.clock.advance(1000);
    const revision = await world.revision();
    await plane.clock.advance(20 * 60_000);
    expect(await world.revision()).toBe(revision);
  });
  const nfs = { nfs: { server: 's', path: '/' } };

  it('[B7] [rel-B7] asks the API server before it releases a volume whose claim only seems to be another', async () => {
    const lagging = laggingClient(plane.clientOf(component), 'PersistentVolumeClaim');
    await world.createClaim(claim('c', { class: 'x' }));
    await world.start({}, lagging.client);
    lagging.hold();
    await world.removeClaim('c');
    await world.createClaim(claim('c', { class: 'x' }));
    await world.createVolume(
      volume('v', { to: 'c', phase: 'Pending', class: 'x', policy: 'Delete', provisionedBy: fakePluginName }),
    );
    world.backend.storage.add('v');
    await plane.clock.advance(60_000);
    expect((await world.volume('v')).status?.phase).toBe('Pending');
    lagging.release();
    await plane.clock.advance(1000);
    expect(await world.pictures()).toEqual(['v Bound to c (held)', 'c Bound on v (controller) 1Gi']);
    expect([...world.backend.storage]).toEqual(['v']);
  });

  it('[rel-B6] does not delete a volume that was just provisioned for a claim which the cache has not seen', async () => {
    const lagging = laggingClient(plane.clientOf(component), 'PersistentVolumeClaim');
    await world.start({}, lagging.client);
    lagging.hold();
    await world.createClaim(claim('c', { class: 'x' }));
    world.backend.storage.add('v');
    await world.createVolume(
      volume('v', { to: 'c', phase: 'Pending', class: 'x', policy: 'Delete', provisionedBy: fakePluginName }),
    );
    await plane.clock.advance(10 * 60_000);
    expect((await world.volume('v')).status?.phase).toBe('Pending');
    expect([...world.backend.storage]).toEqual(['v']);
    lagging.release();
    await plane.clock.advance(1000);
    expect(await world.pictures()).toEqual(['v Bound to c (held)', 'c Bound on v (controller) 1Gi']);
  });

  it('[rel-B6] [rel-C4] deletes nothing whose claim lives, though it is called Released and no cache knows the claim', async () => {
    await world.createClaim(boundClaim('c', 'v'));
    await world.createVolume(volume('v', { to: 'c', phase: 'Released', policy: 'Delete', controller: true }));
    world.backend.storage.add('v');
    await world.start({}, blindClient(plane.clientOf(component), 'PersistentVolumeClaim'));
    await plane.clock.advance(10 * 60_000);
    expect([...world.backend.storage]).toEqual(['v']);
    expect(await world.pictures()).toEqual(['v Released to c (controller)', 'c Bound on v (controller) 1Gi']);
  });

  it('[B15] counts the classes that it gave to claims, and those that it could not', async () => {
    const metrics = new MetricsRegistry();
    const { storageClassName: _, ...spec } = claim('c').draft.spec;
    await world.createClaim({ draft: { ...claim('c').draft, spec }, options: {} });
    let refusals = 2;
    const client = plane.clientOf(component);
    const refusing: Client = {
      ...client,
      update: async (type, ...rest) => {
        if (type.kind === 'PersistentVolumeClaim' && refusals-- > 0) throw ApiStatusError.of('InternalError', 'no');
        return await client.update(type, ...rest);
      },
    };
    await world.start({ metrics }, refusing);
    await world.createClass(storageClass('std', 'd.example.com', { isDefault: true }));
    await plane.clock.advance(1000);
    expect((await world.claim('c')).spec.storageClassName).toBe('std');
    expect(await metrics.print()).toContain('\nretroactive_storageclass_total 3\n');
    expect(await metrics.print()).toContain('\nretroactive_storageclass_errors_total 2\n');
  });

  it('[B1] counts volumes and claims as upstream names and labels them', async () => {
    const metrics = new MetricsRegistry();
    await world.createClaim(claim('c', { class: 'gold' }));
    await world.createVolume(volume('v', { class: 'gold' }));
    await world.createVolume(volume('w', { source: { csi: { driver: 'd.example.com', volumeHandle: 'h' } } }));
    await world.createVolume(volume('n', { source: nfs, mode: 'Block', policy: 'Retain' }));
    await world.createClaim(claim('d', { class: 'silver' }));
    await world.start({ metrics });
    const lines = (await metrics.print()).split('\n');
    expect(lines.filter((line) => line.startsWith('pv_collector_')).sort()).toEqual([
      'pv_collector_bound_pv_count{storage_class="gold"} 1',
      'pv_collector_bound_pvc_count{namespace="default",storage_class="gold",volume_attributes_class=""} 1',
      'pv_collector_total_pv_count{plugin_name="N/A",volume_mode="Filesystem"} 1',
      'pv_collector_total_pv_count{plugin_name="kubernetes.io/bare",volume_mode="Block"} 1',
      `pv_collector_total_pv_count{plugin_name="${fakePluginName}",volume_mode="Filesystem"} 1`,
      'pv_collector_unbound_pv_count{storage_class=""} 2',
      'pv_collector_unbound_pvc_count{namespace="default",storage_class="silver",volume_attributes_class=""} 1',
    ]);
  });

  it('[B11] [B14] counts failures of provisioning and deletion, and times both to their end', async () => {
    const metrics = new MetricsRegistry();
    await startOn(plane, 'pv-protection', startVolumeProtectionController);
    await world.createClass(storageClass('gold', fakePluginName));
    await world.start({ metrics });
    world.backend.provisionErrors.push(new Error('no'));
    world.backend.deleteErrors.push(new Error('no'), new Error('no'));
    await world.createClaim(claim('c', { class: 'gold' }));
    await plane.clock.advance(10_000);
    await world.removeClaim('c');
    await plane.clock.advance(60_000);
    expect(await world.pictures()).toEqual([]);
    const labels = (operation: string) => `plugin_name="${fakePluginName}",operation_name="${operation}"`;
    expect(await metrics.print()).toContain(`volume_operation_total_errors{${labels('provision')}} 1\n`);
    expect(await metrics.print()).toContain(`volume_operation_total_errors{${labels('delete')}} 2\n`);
    expect(await metrics.print()).toContain(`volume_operation_total_seconds_sum{${labels('provision')}} 0.5\n`);
    expect(await metrics.print()).toContain(`volume_operation_total_seconds_count{${labels('delete')}} 1\n`);
  });

  it('[rel-L14] serves a healthy claim at once among a thousand that fail', async () => {
    for (let i = 0; i < 500; i++) {
      await world.createClaim(claim(`bad-${i}`, { class: 'unknown' }));
      await world.createVolume(volume(`bad-${i}`, { toGone: 'x', phase: 'Released', policy: 'Delete', source: nfs }));
    }
    await world.start();
    await world.createVolume(volume('v'));
    await world.createClaim(claim('c'));
    await plane.clock.settle();
    expect((await world.claim('c')).status?.phase).toBe('Bound');
  });

  it('[rel-L14] releases and binds while deletions hang', async () => {
    const never = new Promise<void>(() => {});
    const plugin = { ...world.backend.plugin, delete: () => never };
    const { ControllerPlugins } = await import('../../../src/volume-plugins/index.ts');
    for (let i = 0; i < 200; i++) {
      await world.createVolume(volume(`hangs-${i}`, { toGone: 'x', phase: 'Released', policy: 'Delete' }));
    }
    const running = await world.start({ plugins: new ControllerPlugins([plugin]) });
    await world.createVolume(volume('v'));
    await world.createClaim(claim('c'));
    await plane.clock.settle();
    expect((await world.claim('c')).status?.phase).toBe('Bound');
    const stopping = running[Symbol.asyncDispose]();
    await plane.clock.advance(15_000);
    await stopping;
  });

  it('[rel-L15] goes on with all others when one object fails at every call', async () => {
    const client = plane.clientOf(component);
    const refuse = (object: KubernetesObject) => {
      if (object.metadata.name === 'cursed') throw ApiStatusError.of('InternalError', 'cursed');
    };
    const cursed: Client = {
      ...client,
      update: async (type, object, ...rest) => {
        refuse(object);
        return await client.update(type, object, ...rest);
      },
      updateStatus: async (type, object, ...rest) => {
        refuse(object);
        return await client.updateStatus(type, object, ...rest);
      },
    };
    await world.createVolume(volume('cursed', { phase: 'Pending' }));
    await world.createClaim(claim('cursed', { class: 'x' }));
    await world.start({}, cursed);
    for (const name of ['a', 'b']) {
      await world.createVolume(volume(name, { phase: 'Pending' }));
      await world.createClaim(claim(name));
    }
    await plane.clock.advance(60_000);
    const pictures = await world.pictures();
    expect(pictures).toEqual([
      'a Bound to a (controller)',
      'b Bound to b (controller)',
      'cursed Pending',
      'a Bound on a (controller) 1Gi',
      'b Bound on b (controller) 1Gi',
      'cursed Pending',
    ]);
  });

  it('[W6] writes the phases, the references to each other and nothing else of what users write', async () => {
    const written = new Set<string>();
    const client = plane.clientOf(component);
    const noting: Client = {
      ...client,
      update: async (type, object, ...rest) => {
        const before = await client.get(type, object.metadata);
        for (const path of changedPaths(before, object)) written.add(`${type.kind} ${path}`);
        return await client.update(type, object, ...rest);
      },
      updateStatus: async (type, object, ...rest) => {
        const before = await client.get(type, object.metadata);
        for (const path of changedPaths(before, object)) written.add(`${type.kind} ${path}`);
        return await client.updateStatus(type, object, ...rest);
      },
    };
    await world.createClass(storageClass('gold', fakePluginName));
    await world.createVolume(volume('v', { phase: 'Pending' }));
    await world.createVolume(volume('w', { phase: 'Pending', for: 'd' }));
    await world.createClaim(claim('c'));
    await world.createClaim(claim('d', { on: 'w' }));
    await world.createClaim(claim('e', { class: 'gold' }));
    await world.start({}, noting);
    await world.removeVolume('v');
    for (const name of ['c', 'd', 'e']) await world.removeClaim(name);
    await plane.clock.advance(60_000);
    expect([...written].sort()).toEqual([
      'PersistentVolume metadata.annotations',
      'PersistentVolume metadata.finalizers',
      'PersistentVolume spec.claimRef',
      'PersistentVolume status.phase',
      'PersistentVolumeClaim metadata.annotations',
      'PersistentVolumeClaim spec.volumeName',
      'PersistentVolumeClaim status.accessModes',
      'PersistentVolumeClaim status.capacity',
      'PersistentVolumeClaim status.phase',
    ]);
  });

  it('[B18] speaks in its own name', async () => {
    await world.createClaim(claim('c'));
    await world.start();
    const { coreEvents } = await import('../../../src/api/index.ts');
    await plane.clock.settle();
    const { items } = await plane.client.list(coreEvents);
    expect(items.map(({ source }) => source?.component)).toEqual(['persistentvolume-controller']);
  });

  it('[B4] takes up claims when their class changes to one that provisions at once', async () => {
    await world.createClass(storageClass('x', 'd.example.com', { wait: true }));
    await world.createClaim(claim('c', { class: 'x' }));
    await world.start();
    await plane.client.delete(storageClasses, { name: 'x' });
    await world.createClass(storageClass('x', 'd.example.com'));
    await plane.clock.settle();
    expect((await world.events()).at(-1)).toMatch(/^c Normal ExternalProvisioning /);
  });

  it('[B8] [rel-H4] gives a volume to the claim that the scheduler reserved it for, not to one that waits', async () => {
    await world.createClaim(claim('first', { class: 'x' }));
    await world.createClaim(claim('second', { class: 'x' }));
    await world.start();
    await world.createVolume(volume('v', { class: 'x', to: 'second', controller: true, phase: 'Pending' }));
    await plane.clock.settle();
    expect(await world.pictures()).toEqual([
      'v Bound to second (controller)',
      'first Pending',
      'second Bound on v (controller) 1Gi',
    ]);
  });

  it('[B6] [W2] finds a lost claim again when its volume is restored from a backup', async () => {
    await world.createVolume(volume('v'));
    await world.createClaim(claim('c'));
    await world.start();
    const before = await world.volume('v');
    await world.removeVolume('v');
    expect(await world.pictures()).toEqual(['c Lost on v (controller)']);
    const { name, annotations = {} } = before.metadata;
    await plane.client.create(persistentVolumes, { metadata: { name, annotations }, spec: before.spec });
    await plane.clock.settle();
    expect(await world.pictures()).toEqual(['v Bound to c (controller)', 'c Bound on v (controller) 1Gi']);
  });
});
