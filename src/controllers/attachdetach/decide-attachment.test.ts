import { describe, expect, it } from 'vitest';
import type { VolumeAttachment, VolumeAttachmentStatus } from '../../api/index.ts';
import { testMeta, testVolume } from '../common/test-objects.ts';
import { type AttachmentState, decideAttachment, isExclusive } from './decide-attachment.ts';

function attachment(status?: VolumeAttachmentStatus): VolumeAttachment {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: testMeta('csi-x', {}),
    spec: { attacher: 'd', nodeName: 'n1', source: { persistentVolumeName: 'v' } },
    ...(status ? { status } : {}),
  };
}

const state: AttachmentState = {
  wanted: false,
  attachment: undefined,
  deleting: false,
  otherHolders: [],
  exclusive: true,
  inUse: false,
  managed: true,
};

describe('what is done about a volume on a node', () => {
  const attached = attachment({ attached: true });
  const cases: readonly [string, Partial<AttachmentState>, object][] = [
    ['[D2] nothing on a node that did not opt in', { managed: false, attachment: attached }, { kind: 'none' }],
    ['nothing when nobody wants it and nothing is there', {}, { kind: 'none' }],
    ['[D8] an attachment is made for a pod', { wanted: true }, { kind: 'attach' }],
    ['[D8] the attacher is waited for', { wanted: true, attachment: attachment() }, { kind: 'awaitAttach' }],
    [
      '[D8] its error is passed on',
      { wanted: true, attachment: attachment({ attached: false, attachError: { message: 'no' } }) },
      { kind: 'awaitAttach', error: 'no' },
    ],
    ['[D4] the node is told', { wanted: true, attachment: attached }, { kind: 'attached' }],
    ['[D5] other nodes are waited for', { wanted: true, otherHolders: ['n2'] }, { kind: 'blocked', by: ['n2'] }],
    ['[D5] unless the volume is shared', { wanted: true, otherHolders: ['n2'], exclusive: false }, { kind: 'attach' }],
    ['[D4] an unwanted attachment is taken away', { attachment: attached }, { kind: 'detach' }],
    ['[D6] also one that may be attached', { attachment: attachment({ attached: false }) }, { kind: 'detach' }],
    ['[D4] not while the node uses the volume', { attachment: attached, inUse: true }, { kind: 'awaitUnmount' }],
    [
      '[D8] a deleted attachment must go before a pod that came back gets a new one',
      { wanted: true, attachment: attached, deleting: true },
      { kind: 'awaitDetach' },
    ],
  ];
  it.each(cases)('%s', (_title, given, expected) => {
    expect(decideAttachment({ ...state, ...given })).toMatchObject(expected);
  });

  it('[D5] takes a volume for exclusive by its access modes', () => {
    const exclusive = (...accessModes: string[]) => isExclusive(testVolume('v', { spec: { accessModes } }));
    expect([exclusive('ReadWriteOnce'), exclusive('ReadWriteOncePod')]).toEqual([true, true]);
    expect([exclusive('ReadWriteOnce', 'ReadOnlyMany'), exclusive('ReadWriteMany'), exclusive()]).toEqual([
      false,
      false,
      false,
    ]);
    expect(isExclusive(undefined)).toBe(false);
  });
});
