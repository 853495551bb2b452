/** Directories that are made for claims, with a controller that dies before it can write of them. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../../src/api/index.ts';
import { realFs } from '../../../src/base/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { startPersistentVolumeController } from '../../../src/controllers/index.ts';
import { createControllerPlugins, defaultControllerPluginConfig } from '../../../src/volume-plugins/index.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { mortalClient, startOn } from '../support/controllers.ts';
import { claimDraft, classDraft } from '../support/objects.ts';

const root = '/tmp/hostpath_pv';
const intentsRoot = join(root, '.provisioning');
const key = { namespace: 'default', name: 'c' };
/** An intent may be another process's until it is so old. */
const longEnoughMs = 21 * 60_000;
const component = 'persistentvolume-controller';

describe('[B14] [rel-C2] the directory of a claim whose controller died before the volume was written', () => {
  let plane: ControlPlane;
  let uid: string;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(storageClasses, classDraft('dir', 'Immediate', 'kubernetes.io/host-path'));
    const claim = await plane.client.create(persistentVolumeClaims, claimDraft('c', 'dir'));
    uid = claim.metadata.uid;
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
    await rm(join(root, uid), { recursive: true, force: true });
    await rm(join(intentsRoot, uid), { force: true });
  });

  const start = (client?: Client) => {
    const host = { fs: realFs, clock: plane.clock };
    const plugins = createControllerPlugins(host, { ...defaultControllerPluginConfig, hostPathProvisioning: true });
    return startOn(plane, component, (options) => startPersistentVolumeController({ ...options, plugins }), client);
  };
  /** Dies at its second write, which is that of the volume. */
  async function die(lastWriteLands: boolean) {
    const mortal = mortalClient(plane.clientOf(component), { afterWrites: 1, lastWriteLands });
    const running = await start(mortal.client);
    expect(mortal.isDead).toBe(true);
    await running[Symbol.asyncDispose]();
    expect(await directories()).toEqual([uid]);
    expect(await intents()).toEqual([uid]);
  }
  async function deleteClaim() {
    const body = { metadata: { finalizers: null } };
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
    await plane.client.delete(persistentVolumeClaims, key);
  }
  const mine = async (path: string) => (await readdir(path)).filter((name) => name === uid);
  const directories = () => mine(root);
  const intents = () => mine(intentsRoot);

  it('goes after a while when the claim is gone', async () => {
    await die(false);
    await deleteClaim();
    await start();
    expect(await directories()).toEqual([uid]);
    await plane.clock.advance(longEnoughMs);
    expect([await directories(), await intents()]).toEqual([[], []]);
  });

  it('stays when somebody has put something into it', async () => {
    await die(false);
    await writeFile(join(root, uid, 'data'), 'precious');
    await deleteClaim();
    await start();
    await plane.clock.advance(longEnoughMs);
    expect(await readdir(join(root, uid))).toEqual(['data']);
    expect(await intents()).toEqual([]);
  });

  it('becomes its volume when the claim is still there', async () => {
    await die(false);
    await plane.clock.advance(longEnoughMs);
    await start();
    await plane.clock.advance(longEnoughMs);
    expect((await plane.client.get(persistentVolumeClaims, key)).status?.phase).toBe('Bound');
    expect([await directories(), await intents()]).toEqual([[uid], []]);
  });

  it('is the volume that was written after all, and is deleted as such', async () => {
    await die(true);
    await plane.clock.advance(longEnoughMs);
    await start();
    expect([await directories(), await intents()]).toEqual([[uid], []]);
    await deleteClaim();
    await plane.clock.advance(60_000);
    expect(
      (await plane.client.list(persistentVolumes)).items.filter(({ metadata }) => !metadata.deletionTimestamp),
    ).toEqual([]);
    expect(await directories()).toEqual([]);
  });

  it('is left alone while it waits for a claim of this cluster', async () => {
    await mkdir(intentsRoot, { recursive: true });
    await mkdir(join(root, uid));
    await writeFile(join(intentsRoot, uid), '0');
    const body = { spec: { volumeName: 'another' } };
    await plane.client.patch(persistentVolumeClaims, key, { type: 'merge', body });
    await start();
    await plane.clock.advance(longEnoughMs);
    expect([await directories(), await intents()]).toEqual([[uid], [uid]]);
  });
});
