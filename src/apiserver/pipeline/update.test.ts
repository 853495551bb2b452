import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMaps,
  csiDrivers,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { claim, configMap, pod, volume } from '../test-objects.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const key = (name: string) => ({ namespace: 'default', name });

describe('update', () => {
  it('[rel-A5] replaces the object only on top of the resourceVersion it names', async () => {
    const first = await harness.create(configMaps, configMap('a', { v: '1' }));
    const second = await harness.update(configMaps, { ...first, data: { v: '2' } });
    const refused = await refusalOf(harness.update(configMaps, { ...first, data: { v: '3' } }));
    expect(refused.reason).toBe('Conflict');
    expect(refused.message).toBe(
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(await harness.get(configMaps, key('a'))).toBe(second);
  });

  it('[rel-A5] lets one of several conditional updates at once win', async () => {
    const first = await harness.create(configMaps, configMap('a'));
    const outcomes = await Promise.allSettled(
      ['x', 'y', 'z'].map((v) => harness.update(configMaps, { ...first, data: { v } })),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  it('replaces whatever is there when no resourceVersion is named, unless the kind insists on one', async () => {
    const created = await harness.create(configMaps, configMap('a', { v: '1' }));
    const { resourceVersion: _, ...metadata } = created.metadata;
    const updates = ['2', '3', '4'].map((v) =>
      harness.update(configMaps, { ...created, metadata, data: { v } } as never),
    );
    await Promise.all(updates);
    const driver = await harness.create(csiDrivers, { metadata: { name: 'd.example.com' }, spec: {} });
    const unconditional = { ...driver, metadata: { ...driver.metadata, resourceVersion: '' } };
    expect((await refusalOf(harness.update(csiDrivers, unconditional))).message).toBe(
      'CSIDriver.storage.k8s.io "d.example.com" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    );
  });

  it('[rel-A13] refuses a write that names the uid of an object that is gone', async () => {
    const old = await harness.create(configMaps, configMap('a'));
    await harness.delete(configMaps, key('a'));
    await harness.create(configMaps, configMap('a'));
    const stale = { ...old, metadata: { ...old.metadata, resourceVersion: '' } };
    const refused = await refusalOf(harness.update(configMaps, stale));
    expect(refused.reason).toBe('Conflict');
    expect(refused.message).toContain(`Precondition failed: UID in precondition: ${old.metadata.uid}`);
  });

  it('does not write what changes nothing', async () => {
    const created = await harness.create(configMaps, configMap('a', { v: '1' }));
    const before = harness.store.revision;
    expect(await harness.update(configMaps, { ...created, data: { v: '1' } })).toBe(created);
    expect(await harness.patch(configMaps, key('a'), { type: 'merge', body: { data: { v: '1' } } })).toBe(created);
    expect(harness.store.revision).toBe(before);
  });

  it('keeps the fields that are the server’s', async () => {
    const created = await harness.create(configMaps, configMap('a'));
    const updated = await harness.update(configMaps, {
      ...created,
      metadata: { ...created.metadata, creationTimestamp: '2000-01-01T00:00:00Z', generation: 9, selfLink: '/x' },
      data: { v: '2' },
    });
    expect(updated.metadata).toEqual({ ...created.metadata, resourceVersion: updated.metadata.resourceVersion });
  });

  it('[rel-A14] leaves the status alone in a write to the object, and the spec in a write to the status', async () => {
    const created = await harness.create(persistentVolumeClaims, claim('c'));
    const changed: PersistentVolumeClaim = {
      ...created,
      metadata: { ...created.metadata, labels: { a: 'b' }, finalizers: [] },
      spec: { ...created.spec, volumeName: 'v' },
      status: { phase: 'Bound' },
    };
    const viaStatus = await harness.update(persistentVolumeClaims, changed, { subresource: 'status' });
    expect(viaStatus.spec).toEqual(created.spec);
    expect(viaStatus.status).toEqual({ phase: 'Bound' });
    expect(viaStatus.metadata.finalizers).toEqual(created.metadata.finalizers);
    const metadata = { ...viaStatus.metadata, finalizers: created.metadata.finalizers ?? [] };
    const viaMain = await harness.update(persistentVolumeClaims, { ...viaStatus, metadata, status: { phase: 'Lost' } });
    expect(viaMain.status).toEqual({ phase: 'Bound' });
  });

  it('[A7] leaves labels alone too in a write to the status of a VolumeAttachment', async () => {
    const attachment = await harness.create(volumeAttachments, {
      metadata: { name: 'a' },
      spec: { attacher: 'd', nodeName: 'n', source: { persistentVolumeName: 'v' } },
    });
    const updated = await harness.update(
      volumeAttachments,
      { ...attachment, metadata: { ...attachment.metadata, labels: { a: 'b' } }, status: { attached: true } },
      { subresource: 'status' },
    );
    expect(updated.metadata.labels).toBeUndefined();
    expect(updated.status).toEqual({ attached: true });
  });

  it('[A7] notes when the phase of a volume changed', async () => {
    const created = await harness.create(persistentVolumes, volume('v'));
    await harness.clock.advance(5_000);
    const write = (status: object, object = created) =>
      harness.patch(
        persistentVolumes,
        { name: object.metadata.name },
        { type: 'merge', body: { status } },
        { subresource: 'status' },
      );
    const available = await write({ phase: 'Available' });
    expect(available.status?.lastPhaseTransitionTime).toBe('2026-01-01T00:00:05Z');
    await harness.clock.advance(5_000);
    expect((await write({ message: 'x' })).status?.lastPhaseTransitionTime).toBe('2026-01-01T00:00:05Z');
    const given = await write({ phase: 'Bound', lastPhaseTransitionTime: '2026-01-01T00:00:07Z' });
    expect(given.status?.lastPhaseTransitionTime).toBe('2026-01-01T00:00:07Z');
  });

  it('counts a generation for a change of the spec and for nothing else', async () => {
    const created = await harness.create(pods, pod('p'));
    const labelled = await harness.patch(pods, key('p'), { type: 'merge', body: { metadata: { labels: { a: 'b' } } } });
    expect(labelled.metadata.generation).toBe(1);
    const body = { spec: { tolerations: [{ key: 'x', operator: 'Exists' }] } };
    const changed = await harness.patch(pods, key('p'), { type: 'strategic', body });
    expect(changed.metadata.generation).toBe(2);
    const running = { ...changed, status: { ...created.status, phase: 'Running' } };
    expect((await harness.update(pods, running, { subresource: 'status' })).metadata.generation).toBe(2);
  });

  it('retries a patch that names no resourceVersion until it fits', async () => {
    await harness.create(configMaps, configMap('a'));
    const patches = Array.from({ length: 20 }, (_, i) =>
      harness.patch(configMaps, key('a'), { type: 'merge', body: { data: { [`k${i}`]: 'x' } } }),
    );
    await Promise.all(patches);
    expect(Object.keys((await harness.get(configMaps, key('a'))).data ?? {})).toHaveLength(20);
  });

  it('[rel-A5] refuses a patch on top of an old resourceVersion', async () => {
    const first = await harness.create(configMaps, configMap('a'));
    await harness.patch(configMaps, key('a'), { type: 'merge', body: { data: { v: '1' } } });
    const metadata = { resourceVersion: first.metadata.resourceVersion };
    const stale = harness.patch(configMaps, key('a'), { type: 'merge', body: { metadata, data: { v: '2' } } });
    expect((await refusalOf(stale)).reason).toBe('Conflict');
  });
});
