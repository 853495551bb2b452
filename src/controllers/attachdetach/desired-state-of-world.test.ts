import { describe, expect, it } from 'vitest';
import type { Node, PersistentVolumeClaim } from '../../api/index.ts';
import { testClaim, testClaimRef, testMeta, testPod, testVolume } from '../common/test-objects.ts';
import { DesiredStateOfWorld } from './desired-state-of-world.ts';
import { type PodVolumeWorld, wantedVolumes } from './pod-volumes.ts';

function node(annotations: Record<string, string>): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: testMeta('n1', { annotations }), spec: {} };
}

const managed = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
const csi = { csi: { driver: 'd', volumeHandle: 'h' }, claimRef: testClaimRef('c', 'uid-c') };
const boundClaim = testClaim('c', { spec: { volumeName: 'v' }, status: { phase: 'Bound' } });
const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }];
const pod = testPod('p', { nodeName: 'n1', volumes });

function world(more: Partial<PodVolumeWorld> = {}, claim: PersistentVolumeClaim = boundClaim): PodVolumeWorld {
  return {
    node: () => node(managed),
    claim: (key) => (key === 'ns/c' ? claim : undefined),
    volume: () => testVolume('v', { spec: csi }),
    attachRequired: () => true,
    isFlexAttachable: () => false,
    ...more,
  };
}

describe('the volumes that a pod wants attached', () => {
  const wanted = [
    { volumeName: 'kubernetes.io/csi/d^h', name: 'v', source: { persistentVolumeName: 'v' }, exclusive: true },
  ];
  const keep = { ...managed, 'volumes.kubernetes.io/keep-terminated-pod-volumes': 'true' };
  const succeeded = testPod('p', { nodeName: 'n1', volumes }, { status: { phase: 'Succeeded' } });
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const runs = { phase: 'Running', containerStatuses: [{ name: 'main', state: { running: {} } }] };
  const leaving = testPod('p', { nodeName: 'n1', volumes }, { meta: deleted, status: runs as never });
  const ephemeral = testPod('p', { nodeName: 'n1', volumes: [{ name: 'c', ephemeral: {} }] });
  const cases: readonly [string, typeof pod, PodVolumeWorld, number][] = [
    ['[D3] are those of its bound claims', pod, world(), 1],
    ['[D3] are none without a node', testPod('p', { volumes }), world(), 0],
    ['[D2] are none on a node that did not opt in', pod, world({ node: () => node({}) }), 0],
    ['[D3] are none once it ended', succeeded, world(), 0],
    ['[D3] are kept after its end on a node that says so', succeeded, world({ node: () => node(keep) }), 1],
    ['[D3] are those of a pod that still runs while it is deleted', leaving, world(), 1],
    ['[D3] are none of a claim that is not Bound', pod, world({}, testClaim('c', { spec: { volumeName: 'v' } })), 0],
    [
      '[D3] [rel-D7] are none of a volume that belongs to another claim',
      pod,
      world({ volume: () => testVolume('v', { spec: { ...csi, claimRef: testClaimRef('c', 'uid-other') } }) }),
      0,
    ],
    ['[D3] are none of a driver that does not attach', pod, world({ attachRequired: () => false }), 0],
    [
      '[D3] are none of other plugins',
      pod,
      world({ volume: () => testVolume('v', { spec: { claimRef: csi.claimRef } }) }),
      0,
    ],
    ['[rel-I1] are none of an ephemeral claim that the pod does not own', ephemeral, world(), 0],
  ];
  it.each(cases)('%s', (_title, given, seen, count) => {
    expect(wantedVolumes(given, seen)).toEqual(count === 0 ? [] : wanted);
  });
});

describe('the desired state of the world', () => {
  const want = (...names: string[]) =>
    names.map((volumeName) => ({
      volumeName,
      name: `pv-${volumeName}`,
      source: { persistentVolumeName: `pv-${volumeName}` },
      exclusive: true,
    }));

  it('[D1] answers by volume and node, and tells what changed', () => {
    const desired = new DesiredStateOfWorld();
    expect(desired.setPod(pod, want('a', 'b'))).toEqual(['a', 'b']);
    expect(desired.setPod(pod, want('a', 'b'))).toEqual([]);
    expect(desired.isWanted('a', 'n1')).toBe(true);
    expect(desired.wantedOn('b', 'n1')?.name).toBe('pv-b');
    expect([...desired.setPod(pod, want('b', 'c'))].sort()).toEqual(['a', 'b', 'c']);
    expect(desired.isWanted('a', 'n1')).toBe(false);
    expect(desired.nodesWanting('c')).toEqual(['n1']);
    expect(desired.deletePod('ns/p')).toEqual(['b', 'c']);
    expect([...desired.volumeNames()]).toEqual([]);
  });

  it('[D1] keeps a volume on a node until its last pod goes', () => {
    const desired = new DesiredStateOfWorld();
    const other = testPod('q', { nodeName: 'n1', volumes });
    desired.setPod(pod, want('a'));
    desired.setPod(other, want('a'));
    expect(desired.podsWanting('a', 'n1').map(({ metadata }) => metadata.name)).toEqual(['p', 'q']);
    desired.deletePod('ns/p');
    expect(desired.isWanted('a', 'n1')).toBe(true);
    desired.deletePod('ns/q');
    expect(desired.isWanted('a', 'n1')).toBe(false);
  });
});
