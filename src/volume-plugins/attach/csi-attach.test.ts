import { describe, expect, it } from 'vitest';
import { csiAttachmentName, csiUniqueVolumeName, isAttachmentOf, parseCsiUniqueVolumeName } from './csi-attach.ts';

const volume = { driver: 'hostpath.csi.k8s.io', volumeHandle: 'vol^1/2' };

function attachment(name: string, attacher = volume.driver) {
  const metadata = { name, uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const spec = { attacher, nodeName: 'n1', source: { persistentVolumeName: 'pv' } };
  return { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata, spec };
}

describe('the name of a CSI volume on a node', () => {
  it('[D7] holds driver and handle, and gives them back whatever the handle is', () => {
    const name = csiUniqueVolumeName(volume);
    expect(name).toBe('kubernetes.io/csi/hostpath.csi.k8s.io^vol^1/2');
    expect(parseCsiUniqueVolumeName(name)).toEqual(volume);
    expect(parseCsiUniqueVolumeName('kubernetes.io/nfs/x')).toBeUndefined();
  });

  it('[D8] [rel-D10] belongs to an attachment that carries the hash of handle, driver and node', () => {
    const name = csiAttachmentName(volume, 'n1');
    expect(name).toMatch(/^csi-[0-9a-f]{64}$/);
    expect(isAttachmentOf(attachment(name), volume)).toBe(true);
    expect(isAttachmentOf(attachment(name), { ...volume, volumeHandle: 'replaced' })).toBe(false);
    expect(isAttachmentOf(attachment(name, 'other.csi'), volume)).toBe(false);
  });
});
