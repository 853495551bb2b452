import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMaps, deployments } from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';
import { configMap } from '../test-objects.ts';

let harness: Harness;
const key = { namespace: 'default', name: 'a' };

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

function applyData(data: Readonly<Record<string, string>>, manager: string, force = false) {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data };
  return harness.patch(configMaps, key, { type: 'apply', body }, { fieldManager: manager, force });
}

function deployment(container: object) {
  const labels = { app: 'a' };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  const spec = { selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec };
}

const applyDeployment = (body: object, manager: string) =>
  harness.patch(deployments, key, { type: 'apply', body }, { fieldManager: manager });

describe('[A4] server-side apply', () => {
  it('creates what is missing and notes who wants which fields', async () => {
    const created = await applyData({ x: '1' }, 'one');
    expect(created.data).toEqual({ x: '1' });
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {} } },
      },
    ]);
  });

  it('writes nothing when it is repeated', async () => {
    const created = await applyData({ x: '1' }, 'one');
    await harness.clock.advance(60_000);
    expect(await applyData({ x: '1' }, 'one')).toBe(created);
  });

  it('removes what its manager wants no more and nobody else does', async () => {
    await applyData({ x: '1', y: '1', z: '1' }, 'one');
    await applyData({ y: '1' }, 'two');
    const changed = await applyData({ x: '1' }, 'one');
    expect(changed.data).toEqual({ x: '1', y: '1' });
  });

  it('refuses to change what others manage, in the words of upstream, unless forced', async () => {
    await applyData({ x: '1', y: '1' }, 'one');
    const one = await refusalOf(applyData({ x: '2' }, 'two'));
    expect(one.reason).toBe('Conflict');
    expect(one.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.x');
    expect(one.status.details?.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' },
    ]);
    const both = await refusalOf(applyData({ x: '2', y: '2' }, 'two'));
    expect(both.message).toBe('Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y');
    const forced = await applyData({ x: '2' }, 'two', true);
    expect(forced.data).toEqual({ x: '2', y: '1' });
    const owners = forced.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]);
    expect(owners).toEqual([
      ['one', { 'f:data': { 'f:y': {} } }],
      ['two', { 'f:data': { 'f:x': {} } }],
    ]);
  });

  it('lets two managers want the same', async () => {
    await applyData({ x: '1' }, 'one');
    const shared = await applyData({ x: '1' }, 'two');
    expect(shared.metadata.managedFields).toHaveLength(2);
    expect((await applyData({}, 'one')).data).toEqual({ x: '1' });
    expect((await applyData({}, 'two')).data).toBeUndefined();
  });

  it('gives what was there before the first apply to a manager of its own', async () => {
    await harness.create(configMaps, configMap('a', { x: '1' }));
    const refused = await refusalOf(applyData({ x: '2' }, 'one'));
    expect(refused.message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1 at 2026-01-01T00:00:00Z: .data.x',
    );
    const added = await applyData({ y: '1' }, 'one');
    expect(added.metadata.managedFields?.map((entry) => entry.manager)).toEqual(['before-first-apply', 'one']);
  });

  it('notes who changes a field by an update of an object that has been applied, and of no other', async () => {
    await applyData({ x: '1', y: '1' }, 'one');
    const body = { data: { x: '2' } };
    const patched = await harness.patch(configMaps, key, { type: 'merge', body }, { fieldManager: 'kubectl' });
    const owners = patched.metadata.managedFields?.map((entry) => [entry.manager, entry.operation, entry.fieldsV1]);
    expect(owners).toEqual([
      ['one', 'Apply', { 'f:data': { 'f:y': {} } }],
      ['kubectl', 'Update', { 'f:data': { 'f:x': {} } }],
    ]);
    expect((await refusalOf(applyData({ x: '1', y: '1' }, 'one'))).message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl" using v1 at 2026-01-01T00:00:00Z: .data.x',
    );
    const plain = await harness.create(configMaps, configMap('plain'), { fieldManager: 'kubectl' });
    expect(plain.metadata.managedFields).toBeUndefined();
  });

  it('tells the items of keyed lists apart', async () => {
    const container = { name: 'c', image: 'i', ports: [{ containerPort: 80 }] };
    await applyDeployment(deployment(container), 'one');
    const sidecar = { spec: { template: { spec: { containers: [{ name: 'side', image: 'j' }] } } } };
    await harness.patch(deployments, key, { type: 'strategic', body: sidecar }, { fieldManager: 'injector' });
    const again = await applyDeployment(deployment({ ...container, image: 'k' }), 'one');
    const containers = again.spec?.template.spec?.containers ?? [];
    expect(containers.map(({ name, image }) => `${name}=${image}`).sort()).toEqual(['c=k', 'side=j']);
    const refused = await refusalOf(applyDeployment(deployment({ name: 'side', image: 'other' }), 'two'));
    expect(refused.message).toContain('.spec.template.spec.containers[name="side"].image');
  });

  it('takes an item out of a keyed list, and keeps one that others have a part in', async () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ];
    await applyDeployment(deployment({ name: 'c', image: 'i', env }), 'one');
    await applyDeployment(deployment({ name: 'c', image: 'i', env: [{ name: 'B', value: '2' }] }), 'two');
    const left = await applyDeployment(deployment({ name: 'c', image: 'i' }), 'one');
    expect(left.spec?.template.spec?.containers[0]?.env).toEqual([{ name: 'B', value: '2' }]);
  });

  it('takes a resourceVersion for a precondition', async () => {
    const created = await applyData({ x: '1' }, 'one');
    await applyData({ x: '2' }, 'one');
    const { resourceVersion } = created.metadata;
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion }, data: { x: '3' } };
    const stale = harness.patch(configMaps, key, { type: 'apply', body }, { fieldManager: 'one' });
    expect((await refusalOf(stale)).reason).toBe('Conflict');
  });

  it('must say who wants the fields', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const nameless = await refusalOf(harness.patch(configMaps, key, { type: 'apply', body }));
    expect(nameless.code).toBe(422);
    expect(nameless.message).toContain('fieldManager: Required value');
  });
});
