import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { CreateVolumeRequestSchema, NodePublishVolumeRequestSchema } from './proto/gen/csi_pb.ts';
import { describeRequest, scrubSecrets, stripSecrets } from './secrets.ts';

test('[rel-S-SE2] shows a request without the fields marked csi_secret', () => {
  const request = create(CreateVolumeRequestSchema, {
    name: 'pvc-1',
    capacityRange: { requiredBytes: 2n ** 62n, limitBytes: 5n },
    volumeCapabilities: [{ accessType: { case: 'mount', value: { fsType: 'ext4' } }, accessMode: { mode: 7 } }],
    secrets: { password: 'hunter22' },
  });
  expect(stripSecrets(CreateVolumeRequestSchema, request)).toEqual({
    name: 'pvc-1',
    capacity_range: { required_bytes: '4611686018427387904', limit_bytes: 5 },
    volume_capabilities: [{ mount: { fs_type: 'ext4' }, access_mode: { mode: 'SINGLE_NODE_MULTI_WRITER' } }],
    secrets: '***stripped***',
  });
  expect(describeRequest(CreateVolumeRequestSchema, request)).not.toContain('hunter22');
});

test('[rel-S-SE1] shows no service account token of a volume context', () => {
  const request = create(NodePublishVolumeRequestSchema, {
    volumeContext: { 'csi.storage.k8s.io/serviceAccount.tokens': '{"aud":{"token":"eyJ"}}', kind: 'fast' },
  });
  expect(stripSecrets(NodePublishVolumeRequestSchema, request)).toEqual({
    volume_context: { 'csi.storage.k8s.io/serviceAccount.tokens': '***stripped***', kind: 'fast' },
  });
});

test('[rel-S-SE2] takes secret values out of a text that repeats them', () => {
  const request = create(CreateVolumeRequestSchema, { secrets: { user: 'bob', password: 'hunter22' } });
  expect(scrubSecrets('login bob:hunter22 refused', CreateVolumeRequestSchema, request)).toBe(
    'login bob:***stripped*** refused',
  );
});
