import { describe, expect, it } from 'vitest';
import type { ResourceType } from '../meta/resource-type.ts';
import * as resources from '../resources.ts';
import { claim, type Json, pod, prepared, updateProblems, volume } from './testing.ts';
import { validateUpdate } from './validate.ts';

describe('validateUpdate', () => {
  const bound = { status: { phase: 'Bound', capacity: { storage: '1Gi' } } };
  const size = (quantity: string): Json => ({ resources: { requests: { storage: quantity } } });
  const immutableSpec =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

  it.each<[string, Json, Json, string[]]>([
    ['growth of a bound claim', { ...claim({}), ...bound }, { ...claim(size('2Gi')), ...bound }, []],
    ['growth of an unbound claim', claim({}), claim(size('2Gi')), [immutableSpec]],
    [
      'shrinking below what the volume has',
      { ...claim(size('2Gi')), ...bound },
      { ...claim(size('1Gi')), ...bound },
      ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
    ],
    [
      'shrinking back to above what the volume has',
      { ...claim(size('3Gi')), ...bound },
      { ...claim(size('2Gi')), ...bound },
      [],
    ],
    ['a first class', claim({}), claim({ storageClassName: 'a' }), []],
    ['another class', claim({ storageClassName: 'a' }), claim({ storageClassName: 'b' }), [immutableSpec]],
    ['a first volume', claim({}), claim({ volumeName: 'v' }), []],
    ['another volume', claim({ volumeName: 'v' }), claim({ volumeName: 'w' }), [immutableSpec]],
    [
      'another attributes class of a bound claim',
      { ...claim({ volumeAttributesClassName: 'a' }), ...bound },
      { ...claim({ volumeAttributesClassName: 'b' }), ...bound },
      [],
    ],
    [
      'taking an applied attributes class away',
      {
        ...claim({ volumeAttributesClassName: 'a' }),
        status: { phase: 'Bound', currentVolumeAttributesClassName: 'a' },
      },
      { ...claim({ volumeAttributesClassName: '' }), status: { phase: 'Bound' } },
      [
        'spec.volumeAttributesClassName: Forbidden: update to an empty string is forbidden when status.currentVolumeAttributesClassName is not nil',
      ],
    ],
  ])('[A11] claims: %s', (_, before, after, expected) => {
    expect(updateProblems(resources.persistentVolumeClaims, before, after)).toEqual(expected);
  });

  const csi = { driver: 'x.y', volumeHandle: 'h' };
  const secret = { name: 's', namespace: 'n' };
  const affinity = (key: string): Json => ({
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] } },
  });
  it.each<[string, Json, Json, string[]]>([
    ['capacity', { csi }, { csi, capacity: { storage: '2Gi' } }, []],
    [
      'the source',
      { csi },
      { csi: { ...csi, volumeHandle: 'i' } },
      ['spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation'],
    ],
    ['a first expansion secret', { csi }, { csi: { ...csi, controllerExpandSecretRef: secret } }, []],
    ['a first node affinity', { csi }, { csi, ...affinity('zone') }, []],
    [
      'labels renamed in the affinity',
      { csi, ...affinity('failure-domain.beta.kubernetes.io/zone') },
      { csi, ...affinity('topology.kubernetes.io/zone') },
      [],
    ],
    [
      'the volume mode',
      { csi },
      { csi, volumeMode: 'Block' },
      ['volumeMode: Invalid value: "Block": field is immutable'],
    ],
  ])('[A10] volumes: %s', (_, before, after, expected) => {
    expect(updateProblems(resources.persistentVolumes, volume(before), volume(after))).toEqual(expected);
  });

  it('[A10] a node affinity is fixed once set', () => {
    const [error] = updateProblems(
      resources.persistentVolumes,
      volume({ csi, ...affinity('zone') }),
      volume({ csi, ...affinity('rack') }),
    );
    expect(error).toContain('nodeAffinity: Invalid value: {"required":');
    expect(error).toContain('field is immutable');
  });

  const template = { metadata: { labels: { a: 'b' } }, ...pod({}) };
  const set = (spec: Json): Json => ({ spec: { selector: { matchLabels: { a: 'b' } }, template, ...spec } });
  it.each<[string, ResourceType, Json, Json, string[]]>([
    [
      'Y8',
      resources.storageClasses,
      { provisioner: 'a', parameters: { x: 'y' } },
      { provisioner: 'b', parameters: { x: 'z' }, reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer' },
      [
        'parameters: Invalid value: {"x":"z"}: field is immutable',
        'provisioner: Invalid value: "b": field is immutable',
        'reclaimPolicy: Invalid value: "Retain": field is immutable',
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
      ],
    ],
    ['A12', resources.storageClasses, { provisioner: 'a' }, { provisioner: 'a', allowVolumeExpansion: true }, []],
    [
      'Y8',
      resources.volumeAttributesClasses,
      { driverName: 'a', parameters: { x: 'y' } },
      { driverName: 'b', parameters: { x: 'z' } },
      [
        'driverName: Forbidden: updates to driverName are forbidden.',
        'parameters: Forbidden: updates to parameters are forbidden.',
      ],
    ],
    [
      'A13',
      resources.csiDrivers,
      { spec: {} },
      { spec: { attachRequired: false } },
      ['spec.attachedRequired: Invalid value: false: field is immutable'],
    ],
    [
      'A13',
      resources.csiNodes,
      { spec: { drivers: [{ name: 'a', nodeID: 'n' }] } },
      { spec: { drivers: [{ name: 'a', nodeID: 'n', allocatable: { count: 3 } }] } },
      [],
    ],
    ['U1', resources.statefulSets, set({}), set({ replicas: 3, minReadySeconds: 2 }), []],
    [
      'U1',
      resources.statefulSets,
      set({}),
      set({ serviceName: 'other' }),
      [
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ],
    ],
    ['U1', resources.pods, pod({}), pod({ image: 'nginx' }), []],
    [
      'rel-X25',
      resources.configMaps,
      { immutable: true, data: { a: 'b' } },
      { immutable: true, data: { a: 'c' } },
      ['data: Forbidden: field is immutable when `immutable` is set'],
    ],
    [
      'A5',
      resources.configMaps,
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.b/c'] } },
      [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/c"}',
      ],
    ],
  ])('[%s] changes of other kinds %#', (_, type, before, after, expected) => {
    expect(updateProblems(type, before, after)).toEqual(expected);
  });

  it('[A13] the spec of a VolumeAttachment is fixed', () => {
    const attachment = (nodeName: string): Json => ({
      spec: { attacher: 'a', nodeName, source: { persistentVolumeName: 'p' } },
    });
    const [error] = updateProblems(resources.volumeAttachments, attachment('a'), attachment('b'));
    expect(error).toContain('spec: Invalid value: {');
    expect(error).toContain('field is immutable');
  });

  it('[U1] a pod keeps its containers', () => {
    const [error] = updateProblems(resources.pods, pod({}), pod({ command: ['x'] }));
    expect(error).toContain('spec: Forbidden: pod updates may not change fields other than');
  });

  it('[A7] a write to status is checked as such', () => {
    const { persistentVolumeClaims: type } = resources;
    const before = prepared(type, claim({}));
    const after = prepared(type, { ...claim({}), status: { allocatedResourceStatuses: { storage: 'Maybe' } } });
    expect(validateUpdate(type, after, before, 'status').map((error) => error.field)).toEqual([
      'status.allocatedResourceStatus',
    ]);
  });
});
