import { beforeEach, describe, expect, it } from 'vitest';
import type { VolumeAttachment, VolumeAttachmentStatus } from '../../api/index.ts';
import { csiAttachmentName, csiUniqueVolumeName } from '../../volume-plugins/index.ts';
import { testMeta } from '../common/test-objects.ts';
import { ActualStateOfWorld } from './actual-state-of-world.ts';

const volume = { driver: 'd', volumeHandle: 'h' };
const volumeName = csiUniqueVolumeName(volume);

interface More {
  readonly uid?: string;
  readonly status?: VolumeAttachmentStatus;
  readonly deletionTimestamp?: string;
}

function attachment(node = 'n1', { uid = `uid-${node}`, status, ...meta }: More = {}): VolumeAttachment {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: testMeta(csiAttachmentName(volume, node), { uid, ...meta }),
    spec: { attacher: 'd', nodeName: node, source: { persistentVolumeName: 'v' } },
    ...(status ? { status } : {}),
  };
}

const attached = { attached: true };

describe('the actual state of the world', () => {
  let actual: ActualStateOfWorld;
  beforeEach(() => {
    actual = new ActualStateOfWorld();
  });
  const nodesOf = () => [...actual.attachmentsOf(volumeName).keys()];
  const usable = (node = 'n1', reported: readonly string[] = []) => [...actual.usableOn(node, new Set(reported))];

  it('[D1] holds a volume on each node that has an attachment, in whatever state', () => {
    expect(actual.set(attachment('n1', { status: attached }), [volume])).toBe(volumeName);
    actual.set(attachment('n2'), [volume]);
    expect(nodesOf()).toEqual(['n1', 'n2']);
    expect([...actual.attachmentsOn('n2')].length).toBe(1);
    expect([...actual.attachmentsOn('n3')]).toEqual([]);
    expect([...actual.volumeNames()]).toEqual([volumeName]);
  });

  it('[D1] knows an attachment whose volume is unknown, and holds no volume by it', () => {
    expect(actual.set(attachment(), [])).toBeUndefined();
    expect(actual.set(attachment(), [{ ...volume, volumeHandle: 'other' }])).toBeUndefined();
    expect(nodesOf()).toEqual([]);
    expect([...actual.attachmentNames()].length).toBe(1);
    expect(actual.set(attachment(), [volume])).toBe(volumeName);
    expect(nodesOf()).toEqual(['n1']);
  });

  it('[D1] [rel-D6] remembers the volume of an attachment after its PersistentVolume is gone', () => {
    actual.set(attachment(), [volume]);
    expect(actual.set(attachment('n1', { status: attached }), [])).toBe(volumeName);
    expect(actual.get(attachment().metadata.name)?.status).toEqual(attached);
  });

  it('[D1] forgets an attachment that is gone, and names what it held', () => {
    actual.set(attachment(), [volume]);
    actual.set(attachment('n2'), [volume]);
    expect(actual.delete(attachment().metadata.name)).toBe(volumeName);
    expect(nodesOf()).toEqual(['n2']);
    expect(actual.delete('unknown')).toBeUndefined();
    expect(actual.delete(attachment('n2').metadata.name)).toBe(volumeName);
    expect([...actual.volumeNames()]).toEqual([]);
  });

  const told: readonly [string, VolumeAttachment, (actual: ActualStateOfWorld) => void, readonly string[], boolean][] =
    [
      [
        '[D7] one that is attached and its own',
        attachment('n1', { status: attached }),
        (a) => a.secure(attachment()),
        [],
        true,
      ],
      [
        '[D6] none that may be attached',
        attachment('n1', { status: { attached: false } }),
        (a) => a.secure(attachment()),
        [],
        false,
      ],
      ['[D6] none without a status', attachment(), (a) => a.secure(attachment()), [volumeName], false],
      ['[D1] one that it is told of already', attachment('n1', { status: attached }), () => {}, [volumeName], true],
      [
        '[rel-A16] none that another may be about to delete',
        attachment('n1', { status: attached }),
        () => {},
        [],
        false,
      ],
      [
        '[D4] none that is being detached',
        attachment('n1', { status: attached }),
        (a) => a.markDetaching(attachment().metadata.name),
        [volumeName],
        false,
      ],
      [
        '[D4] one whose detach was given up',
        attachment('n1', { status: attached }),
        (a) => {
          a.markDetaching(attachment().metadata.name);
          a.unmarkDetaching(attachment().metadata.name);
        },
        [volumeName],
        true,
      ],
      [
        '[D4] none that was deleted, before the watch tells',
        attachment('n1', { status: attached }),
        (a) => a.markDeleted(attachment()),
        [volumeName],
        false,
      ],
      [
        '[D8] none that is being deleted',
        attachment('n1', { status: attached, deletionTimestamp: '2026-01-01T00:00:00Z' }),
        (a) => a.secure(attachment()),
        [volumeName],
        false,
      ],
      [
        '[rel-A16] none that another took off the list',
        attachment('n1', { status: attached }),
        (a) => {
          a.secure(attachment());
          a.unsecure(attachment());
        },
        [],
        false,
      ],
    ];
  it.each(told)('tells a node of %s', (_title, given, act, reported, expected) => {
    actual.set(given, [volume]);
    act(actual);
    expect(usable('n1', reported)).toEqual(expected ? [volumeName] : []);
    expect(usable('n2', reported)).toEqual([]);
  });

  it('[D9] takes a new attachment of the same name for what it is: neither deleted nor on its way out', () => {
    actual.set(attachment('n1', { status: attached }), [volume]);
    actual.markDetaching(attachment().metadata.name);
    actual.markDeleted(attachment());
    const next = attachment('n1', { uid: 'another', status: attached });
    actual.set(next, [volume]);
    actual.secure(next);
    expect(actual.isDeleting(next)).toBe(false);
    expect(usable()).toEqual([volumeName]);
  });

  it('[D7] counts every change of what a node may be told', () => {
    const versions = [actual.versionOf('n1')];
    const step = (act: () => void) => {
      act();
      versions.push(actual.versionOf('n1'));
    };
    step(() => actual.set(attachment(), [volume]));
    step(() => actual.secure(attachment()));
    step(() => actual.unsecure(attachment()));
    step(() => actual.markDetaching(attachment().metadata.name));
    step(() => actual.unmarkDetaching(attachment().metadata.name));
    step(() => actual.markDeleted(attachment()));
    step(() => actual.delete(attachment().metadata.name));
    expect(new Set(versions).size).toBe(versions.length);
    expect(actual.versionOf('n2')).toBe(0);
  });
});
