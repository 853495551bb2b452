/** Upstream: namespace/deletion/namespaced_resources_deleter_test.go, status_condition_utils_test.go. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiStatusError, configMaps, namespaces, persistentVolumeClaims, pods, secrets } from '../../src/api/index.ts';
import type { Client } from '../../src/client/index.ts';
import { startNamespaceController } from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { type Kill, mortalClient, startOn } from './support/controllers.ts';
import { claimDraft, podDraft } from './support/objects.ts';

const component = 'namespace-controller';
const team = { name: 'team' };

describe('the namespace controller', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(namespaces, { metadata: team, spec: {} });
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const start = (client?: Client) => startOn(plane, component, startNamespaceController, client);
  const add = async (kind: 'pod' | 'secret' | 'map' | 'claim', name: string, ...finalizers: readonly string[]) => {
    const metadata = { namespace: 'team', name, finalizers };
    if (kind === 'pod') await plane.client.create(pods, { ...podDraft(name), metadata });
    if (kind === 'secret') await plane.client.create(secrets, { metadata });
    if (kind === 'map') await plane.client.create(configMaps, { metadata });
    if (kind === 'claim') await plane.client.create(persistentVolumeClaims, { ...claimDraft(name, ''), metadata });
  };
  const remove = async () => {
    await plane.client.delete(namespaces, team);
    await plane.clock.settle();
  };
  const isThere = async () => (await plane.get(namespaces, team)) !== undefined;
  const conditions = async () => {
    const { status } = await plane.client.get(namespaces, team);
    return Object.fromEntries(
      status?.conditions?.map(({ type, status: state, reason, message }) => [type, `${state} ${reason}: ${message}`]) ??
        [],
    );
  };
  const count = async (type: typeof secrets | typeof pods) =>
    (await plane.client.list(type as typeof secrets, { namespace: 'team' })).items.length;
  const free = (type: typeof secrets | typeof pods, name: string) =>
    plane.client.patch(
      type as typeof secrets,
      { namespace: 'team', name },
      {
        type: 'merge',
        body: { metadata: { finalizers: null } },
      },
    );

  it('[U1] leaves a namespace alone that is not deleted', async () => {
    await start();
    await add('secret', 's');
    await plane.clock.advance(600_000);
    expect(await count(secrets)).toBe(1);
    expect((await plane.client.get(namespaces, team)).status?.conditions).toBeUndefined();
  });

  it('[U1] lets an empty namespace go', async () => {
    await start();
    await remove();
    expect(await isThere()).toBe(false);
  });

  it('[U1] empties a namespace whose deletion began before the controller did', async () => {
    for (const name of ['a', 'b']) await add('secret', name);
    await add('map', 'm');
    await remove();
    expect(await isThere()).toBe(true);
    await start();
    expect(await isThere()).toBe(false);
  });

  it('[U1] keeps a namespace that somebody else holds, and its contents do not stay', async () => {
    await start();
    const held = await plane.client.get(namespaces, team);
    const finalizers = ['kubernetes', 'example.com/backup'];
    const body = { ...held, spec: { finalizers } };
    await plane.client.update(namespaces, body, { subresource: 'finalize' });
    await add('secret', 's');
    await remove();
    await plane.clock.advance(600_000);
    expect(await count(secrets)).toBe(0);
    expect((await plane.client.get(namespaces, team)).spec.finalizers).toEqual(['example.com/backup']);
  });

  it('[U1] ends pods before it takes away what they run on', async () => {
    await start();
    await add('pod', 'p', 'test/hold');
    await add('secret', 's');
    await remove();
    await plane.clock.advance(60_000);
    expect(await count(secrets)).toBe(1);
    expect(await conditions()).toEqual({
      NamespaceDeletionDiscoveryFailure: 'False ResourcesDiscovered: All resources successfully discovered',
      NamespaceDeletionGroupVersionParsingFailure:
        'False ParsedGroupVersions: All legacy kube types successfully parsed',
      NamespaceDeletionContentFailure:
        'False ContentDeleted: All content successfully deleted, may be waiting on finalization',
      NamespaceContentRemaining:
        'True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances',
      NamespaceFinalizersRemaining:
        'True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: test/hold in 1 resource instances',
    });
    await free(pods, 'p');
    await plane.clock.advance(1_000);
    expect(await isThere()).toBe(false);
  });

  it('[U1] tells how many of what remain, and who holds them', async () => {
    await start();
    await add('secret', 'a', 'test/hold');
    await add('secret', 'b', 'test/hold', 'test/also');
    await add('claim', 'c');
    await remove();
    await plane.clock.advance(10_000);
    expect(await conditions()).toMatchObject({
      NamespaceContentRemaining:
        'True SomeResourcesRemain: Some resources are remaining: persistentvolumeclaims. has 1 resource instances, secrets. has 2 resource instances',
      NamespaceFinalizersRemaining:
        'True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: kubernetes.io/pvc-protection in 1 resource instances, test/also in 1 resource instances, test/hold in 2 resource instances',
    });
    const before = await plane.client.get(namespaces, team);
    await free(secrets, 'b');
    await plane.clock.advance(10_000);
    expect((await conditions()).NamespaceContentRemaining).toContain('secrets. has 1 resource instances');
    const after = await plane.client.get(namespaces, team);
    const transitions = ({ status }: typeof before) => status?.conditions?.map((one) => one.lastTransitionTime);
    expect(transitions(after)).toEqual(transitions(before));
  });

  it('[U1] tells what could not be deleted, and tries again', async () => {
    const own = plane.clientOf(component);
    let isRefusing = true;
    const client: Client = {
      ...own,
      deleteCollection: async (type, ...rest) => {
        if (isRefusing && type.kind === 'Secret') throw ApiStatusError.of('InternalError', 'no room');
        await own.deleteCollection(type, ...rest);
      },
    };
    await start(client);
    await add('secret', 's');
    await add('map', 'm');
    await remove();
    await plane.clock.advance(10_000);
    expect((await conditions()).NamespaceDeletionContentFailure).toBe(
      'True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: no room',
    );
    expect((await plane.client.list(configMaps, { namespace: 'team' })).items).toEqual([]);
    isRefusing = false;
    await plane.clock.advance(600_000);
    expect(await isThere()).toBe(false);
  });

  it('[U1] is woken by the end of what is left', async () => {
    await start();
    await add('secret', 's', 'test/hold');
    await remove();
    await plane.clock.advance(600_000);
    await free(secrets, 's');
    await plane.clock.advance(200);
    expect(await isThere()).toBe(false);
  });

  it('[rel-L12] writes the status of a namespace that cannot go once', async () => {
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 99, lastWriteLands: false });
    await start(mortal.client);
    await add('secret', 's', 'test/hold');
    await remove();
    await plane.clock.advance(60 * 60_000);
    expect(mortal.writes).toEqual(['update Namespace/status']);
  });

  describe('[rel-L10] killed before and after every write', () => {
    it.each<Kill>([
      { afterWrites: 0, lastWriteLands: false },
      { afterWrites: 0, lastWriteLands: true },
      { afterWrites: 1, lastWriteLands: false },
      { afterWrites: 1, lastWriteLands: true },
    ])('%o: ends as if nothing had happened', async (kill) => {
      const mortal = mortalClient(plane.clientOf(component), kill);
      const first = await start(mortal.client);
      await add('secret', 's');
      await add('pod', 'p');
      await remove();
      await plane.clock.advance(1_000);
      expect(mortal.isDead).toBe(true);
      await first[Symbol.asyncDispose]();
      await start();
      await plane.clock.advance(60_000);
      expect(await isThere()).toBe(false);
      expect([await count(secrets), await count(pods)]).toEqual([0, 0]);
    });
  });
});
