import { describe, expect, it } from 'vitest';
import type { Pod, StorageClass, Taint, Toleration } from '../api/index.ts';
import {
  attacherFinalizer,
  ephemeralClaimName,
  findDefaultClass,
  findUntoleratedTaint,
  isPodTerminated,
  podClaims,
  podIsOwner,
  topologyTermsMatch,
  volumeAttachmentName,
  zoneSet,
} from './index.ts';

function podOf(spec: Partial<Pod['spec']>, status?: Pod['status'], deletionTimestamp?: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-0',
      namespace: 'ns',
      uid: 'pod-uid',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
    },
    spec: { containers: [], ...spec },
    ...(status ? { status } : {}),
  };
}

describe('attachment names', () => {
  it('[D1] are the hash of handle, driver and node', () => {
    expect(
      volumeAttachmentName({
        volumeHandle: 'a3cd15a8-e559-11f1-96ad-520f0e0f2eb8',
        driver: 'hostpath.csi.k8s.io',
        node: 'n1',
      }),
    ).toBe('csi-6ad5ee2479844d4c0fb39463517a63a931ccf65a83ea95a577d8c9f6bfb8a863');
  });

  it('[O-c] the attacher’s finalizer spells the driver without dots', () => {
    expect(attacherFinalizer('hostpath.csi.k8s.io')).toBe('external-attacher/hostpath-csi-k8s-io');
    expect(attacherFinalizer('odd.')).toBe('external-attacher/odd-X');
  });
});

describe('claims of pods', () => {
  const pod = podOf({
    volumes: [
      { name: 'disk', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
      { name: 'tmp', emptyDir: {} },
      { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } },
    ],
  });

  it('[F1] include the claims of ephemeral volumes, named after pod and volume', () => {
    expect(ephemeralClaimName(pod, 'scratch')).toBe('web-0-scratch');
    expect(podClaims(pod)).toEqual([
      { volumeName: 'disk', claimName: 'data', readOnly: true, ephemeral: false },
      { volumeName: 'scratch', claimName: 'web-0-scratch', readOnly: false, ephemeral: true },
    ]);
  });

  it('[F2] belong to the pod only when it controls them', () => {
    const claim = (ownerUid: string, controller: boolean) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...pod.metadata,
        name: 'web-0-scratch',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: ownerUid, controller }],
      },
      spec: {},
    });
    expect(podIsOwner(pod, claim('pod-uid', true))).toBe(true);
    expect(podIsOwner(pod, claim('pod-uid', false))).toBe(false);
    expect(podIsOwner(pod, claim('other', true))).toBe(false);
  });
});

describe('pods', () => {
  const container = { name: 'c', image: '', imageID: '', ready: true, restartCount: 0 };
  const running = { containerStatuses: [{ ...container, state: { running: {} } }] };
  const waiting = { containerStatuses: [{ ...container, state: { waiting: {} } }] };
  const deletedAt = '2026-01-01T00:00:00Z';

  it.each<[string, Pod, boolean]>([
    ['succeeded', podOf({}, { phase: 'Succeeded' }), true],
    ['failed', podOf({}, { phase: 'Failed' }), true],
    ['running', podOf({}, { phase: 'Running', ...running }), false],
    ['deleted while running', podOf({}, { phase: 'Running', ...running }, '2026-01-01T00:00:00Z'), false],
    [
      'deleted while an init container runs',
      podOf({}, { phase: 'Pending', ...waiting, initContainerStatuses: running.containerStatuses }, deletedAt),
      false,
    ],
    [
      'deleted while somebody debugs it',
      podOf({}, { phase: 'Running', ...waiting, ephemeralContainerStatuses: running.containerStatuses }, deletedAt),
      false,
    ],
    ['deleted and not running', podOf({}, { phase: 'Running', ...waiting }, '2026-01-01T00:00:00Z'), true],
  ])('[D3] tells whether a pod that is %s has terminated', (_, pod, terminated) => {
    expect(isPodTerminated(pod)).toBe(terminated);
  });
});

describe('taints', () => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  it.each<[Toleration, boolean]>([
    [{ operator: 'Exists' }, true],
    [{ key: 'k', operator: 'Exists' }, true],
    [{ key: 'k', value: 'v' }, true],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'k', value: 'v', effect: 'NoExecute' }, false],
    [{ key: 'j', operator: 'Exists' }, false],
  ])('toleration %j of k=v:NoSchedule is %s', (toleration, tolerated) => {
    expect(findUntoleratedTaint([taint], [toleration], ['NoSchedule'])).toBe(tolerated ? undefined : taint);
  });
});

describe('topology', () => {
  it('[R1] allowedTopologies match by any term and all its expressions', () => {
    const terms = [
      {
        matchLabelExpressions: [
          { key: 'zone', values: ['a', 'b'] },
          { key: 'rack', values: ['1'] },
        ],
      },
    ];
    expect(topologyTermsMatch(terms, { zone: 'a', rack: '1' })).toBe(true);
    expect(topologyTermsMatch(terms, { zone: 'a', rack: '2' })).toBe(false);
    expect(topologyTermsMatch(undefined, {})).toBe(true);
  });

  it('[H7] a zone label may name several zones', () => {
    expect([...zoneSet('a__b')]).toEqual(['a', 'b']);
  });
});

describe('default classes', () => {
  const classOf = (name: string, creationTimestamp: string, isDefault = true): StorageClass => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp,
      annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) },
    },
    provisioner: 'x',
  });

  it('[A16] the newest default wins, ties go by name', () => {
    const older = classOf('older', '2026-01-01T00:00:00Z');
    const b = classOf('b', '2026-01-02T00:00:00Z');
    const a = classOf('a', '2026-01-02T00:00:00Z');
    const none = classOf('none', '2026-01-03T00:00:00Z', false);
    expect(findDefaultClass([older, b, a, none])?.metadata.name).toBe('a');
    expect(findDefaultClass([none])).toBeUndefined();
  });
});
