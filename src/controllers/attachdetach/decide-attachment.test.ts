import { describe, expect, it } from 'vitest';
import type { VolumeAttachment, VolumeAttachmentStatus } from '../../api/index.ts';
import { isExclusiveVolume } from '../../component-helpers/index.ts';
import { testMeta } from '../common/test-objects.ts';
import { type AttachmentState, decideAttachment } from './decide-attachment.ts';

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
  node: 'managed',
};

describe('what is done about a volume on a node', () => {
  const attached = attachment({ attached: true });
  const cases: readonly [string, Partial<AttachmentState>, object][] = [
    ['[D2] nothing on a node that did not opt in', { node: 'unmanaged', attachment: attached }, { kind: 'none' }],
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
      '[rel-D2] a pod keeps what it has when its Node is deleted',
      { wanted: true, attachment: attached, node: 'gone' },
      { kind: 'attached' },
    ],
    ['[D3] nothing is attached to a node that is gone', { wanted: true, node: 'gone' }, { kind: 'none' }],
    [
      '[rel-L4] an unwanted attachment of a node that is gone is looked into',
      { attachment: attached, node: 'gone' },
      { kind: 'detach' },
    ],
    [
      '[D5] [rel-D1] an attachment in doubt elsewhere counts',
      { wanted: true, otherHolders: ['n2'], attachment: undefined },
      { kind: 'blocked' },
    ],
    [
      '[D8] what the driver says about a detach is kept',
      { attachment: attachment({ attached: true, detachError: { message: 'busy' } }), deleting: true },
      { kind: 'awaitDetach', error: 'busy' },
    ],
    [
      '[D2] a deleted attachment on a node that did not opt in is not ours',
      { node: 'unmanaged', attachment: attached, deleting: true },
      { kind: 'none' },
    ],
    [
      '[D9] an attachment that is attached no longer is waited for',
      { wanted: true, attachment: attachment({ attached: false }) },
      { kind: 'awaitAttach' },
    ],
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
    const exclusive = (...accessModes: string[]) => isExclusiveVolume({ accessModes });
    expect([exclusive('ReadWriteOnce'), exclusive('ReadWriteOncePod')]).toEqual([true, true]);
    expect([exclusive('ReadWriteOnce', 'ReadOnlyMany'), exclusive('ReadWriteMany'), exclusive()]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
