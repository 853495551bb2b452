/** The kinds of snapshots are written as the objects of a CustomResourceDefinition are. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  customResourceDefinitions,
  resourceQuotas,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../api/index.ts';
import { Harness, refusalOf } from '../test-harness.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

const snapshotNamed = (name: string) =>
  harness.create(volumeSnapshots, {
    metadata: { name, namespace: 'default' },
    spec: { source: { persistentVolumeClaimName: 'data' } },
    status: { readyToUse: true },
  });

it('[S1] keeps status apart: it is dropped from new objects, and /status writes nothing else', async () => {
  const created = await snapshotNamed('s');
  expect(created).toMatchObject({ metadata: { generation: 1 }, spec: { source: {} } });
  expect(created.status).toBeUndefined();
  const written: VolumeSnapshot = {
    ...created,
    metadata: { ...created.metadata, labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['e/f'] },
    spec: { ...created.spec, volumeSnapshotClassName: 'c' },
    status: { readyToUse: false, boundVolumeSnapshotContentName: 'snapcontent-1' },
  };
  const marked = await harness.update(volumeSnapshots, written, { subresource: 'status' });
  expect(marked).toMatchObject({ metadata: { generation: 1 }, spec: created.spec, status: written.status });
  const { labels, annotations, finalizers } = marked.metadata;
  expect([labels, annotations, finalizers, marked.spec.volumeSnapshotClassName]).toEqual(Array(4).fill(undefined));
  const updated = await harness.update(volumeSnapshots, { ...written, metadata: marked.metadata, status: {} });
  expect(updated).toMatchObject({ metadata: { generation: 2 }, spec: written.spec, status: written.status });
});

it('[S1] refuses a PUT without a resourceVersion, and another source', async () => {
  const created = await snapshotNamed('s');
  const unconditional = { ...created, metadata: { ...created.metadata, resourceVersion: '' } };
  expect((await refusalOf(harness.update(volumeSnapshots, unconditional))).message).toBe(
    'VolumeSnapshot.snapshot.storage.k8s.io "s" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
  );
  const moved = { ...created, spec: { source: { persistentVolumeClaimName: 'other' } } };
  expect((await refusalOf(harness.update(volumeSnapshots, moved))).message).toBe(
    'VolumeSnapshot.snapshot.storage.k8s.io "s" is invalid: spec.source.persistentVolumeClaimName: Invalid value: "other": persistentVolumeClaimName is immutable',
  );
});

it('[S1] may be defined as clusters do: the definition is established, that of another kind is not', async () => {
  const definition = (kind: string, plural: string) => {
    const group = 'snapshot.storage.k8s.io';
    const schema = { openAPIV3Schema: { type: 'object' } };
    return harness.create(customResourceDefinitions, {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        names: { kind, plural, shortNames: ['vs'] },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
  };
  const { status } = await definition('VolumeSnapshot', 'volumesnapshots');
  expect(status?.conditions?.map(({ type, status: is }) => `${type}=${is}`)).toEqual([
    'NamesAccepted=True',
    'Established=True',
  ]);
  expect(status).toMatchObject({
    storedVersions: ['v1'],
    acceptedNames: { plural: 'volumesnapshots', singular: 'volumesnapshot', listKind: 'VolumeSnapshotList' },
  });
  expect((await definition('Other', 'others')).status).toBeUndefined();
});

it('[A19] are counted by quotas as objects of any kind', async () => {
  const name = 'count/volumesnapshots.snapshot.storage.k8s.io';
  const made = await harness.create(resourceQuotas, {
    metadata: { name: 'q', namespace: 'default' },
    spec: { hard: { [name]: '1' } },
  });
  const status = { hard: { [name]: '1' }, used: { [name]: '0' } };
  await harness.update(resourceQuotas, { ...made, status }, { subresource: 'status' });
  await snapshotNamed('a');
  expect((await refusalOf(snapshotNamed('b'))).message).toBe(
    `volumesnapshots.snapshot.storage.k8s.io "b" is forbidden: exceeded quota: q, requested: ${name}=1, used: ${name}=1, limited: ${name}=1`,
  );
});

it('[S1] takes times in nanoseconds, which no double holds exactly', async () => {
  const content = await harness.create(volumeSnapshotContents, {
    metadata: { name: 'c' },
    spec: {
      deletionPolicy: 'Delete',
      driver: 'x.y',
      source: { volumeHandle: 'v' },
      volumeSnapshotRef: { name: 's', namespace: 'default' },
    },
  });
  const status = (creationTime: unknown) => ({ ...content, status: { creationTime } }) as VolumeSnapshotContent;
  // As the parser of a body hands it over.
  const marked = await harness.update(volumeSnapshotContents, status('1700000000123456789'), { subresource: 'status' });
  expect(JSON.stringify(marked.status)).toBe('{"creationTime":1700000000123456800}');
  for (const wrong of ['17', '99999999999999999999', 2 ** 63, 1.5, true]) {
    const refused = await refusalOf(harness.update(volumeSnapshotContents, status(wrong), { subresource: 'status' }));
    expect(refused.code, String(wrong)).toBe(400);
  }
});
