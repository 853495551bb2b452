import { describe, expect, it } from 'vitest';
import type { ResourceType } from '../meta/resource-type.ts';
import * as resources from '../resources.ts';
import { invalid } from './field-error.ts';
import { claim, type Json, pod, prepared, problems, storage, volume } from './testing.ts';
import { validateCreate } from './validate.ts';

const cache = { name: 'cache', emptyDir: {} };
const mount = (fields: Json = {}): Json => ({ volumeMounts: [{ name: 'cache', mountPath: '/t', ...fields }] });
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

describe('messages', () => {
  it('[Y8] join several errors in brackets and list the causes', () => {
    const { persistentVolumeClaims: type } = resources;
    const errors = validateCreate(type, prepared(type, { spec: { resources: { requests: { storage: '0' } } } }));
    const { status } = invalid(type, 'b4', errors);
    expect(status).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message:
        'PersistentVolumeClaim "b4" is invalid: [spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Invalid value: "0": must be greater than zero]',
      details: {
        name: 'b4',
        kind: 'PersistentVolumeClaim',
        causes: [
          {
            reason: 'FieldValueRequired',
            field: 'spec.accessModes',
            message: 'Required value: at least 1 access mode is required',
          },
          { reason: 'FieldValueInvalid', field: 'spec.resources[storage]' },
        ],
      },
    });
    expect(invalid(resources.storageClasses, 'b', errors.slice(0, 1)).message).toBe(
      'StorageClass.storage.k8s.io "b" is invalid: spec.accessModes: Required value: at least 1 access mode is required',
    );
  });
});

describe('validateCreate', () => {
  it.each<[string, ResourceType, Json]>([
    ['a claim', resources.persistentVolumeClaims, claim({})],
    [
      'a claim with a class and a snapshot',
      resources.persistentVolumeClaims,
      claim({
        storageClassName: '',
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
      }),
    ],
    ['a volume', resources.persistentVolumes, volume({ hostPath: { path: '/x' } })],
    ['a CSI volume', resources.persistentVolumes, volume({ csi: { driver: 'x.y', volumeHandle: 'h' } })],
    ['a pod', resources.pods, pod(mount(), [cache])],
    ['a class', resources.storageClasses, { provisioner: 'kubernetes.io/no-provisioner' }],
    [
      'an attachment',
      resources.volumeAttachments,
      {
        spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'p' } },
      },
    ],
    [
      'a deployment',
      resources.deployments,
      {
        spec: {
          selector: { matchLabels: { app: 'x' } },
          template: { metadata: { labels: { app: 'x' } }, ...pod({}) },
        },
      },
    ],
    ['an empty ConfigMap', resources.configMaps, {}],
    ['a headless service', resources.services, { spec: { clusterIP: 'None', selector: { app: 'x' } } }],
    ['a role with a colon', resources.clusterRoles, { metadata: { name: 'system:node' } }],
  ])('accepts %s', (_, type, raw) => {
    expect(problems(type, raw)).toEqual([]);
  });

  it.each<[string, ResourceType, Json, string]>([
    [
      'rel-X13',
      resources.persistentVolumeClaims,
      { ...claim({}), metadata: { name: 'Bad_Name' } },
      `metadata.name: Invalid value: "Bad_Name": ${subdomainRule}`,
    ],
    [
      'Y8',
      resources.persistentVolumeClaims,
      { spec: storage },
      'spec.accessModes: Required value: at least 1 access mode is required',
    ],
    [
      'A11',
      resources.persistentVolumeClaims,
      claim({ resources: { requests: { storage: '-1Gi' } } }),
      'spec.resources[storage]: Invalid value: "-1Gi": must be greater than zero',
    ],
    ['A11', resources.persistentVolumeClaims, claim({ resources: {} }), 'spec.resources[storage]: Required value'],
    [
      'A11',
      resources.persistentVolumeClaims,
      claim({ accessModes: ['Sometimes'] }),
      'spec.accessModes: Unsupported value: "Sometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    ],
    [
      'A8',
      resources.persistentVolumeClaims,
      claim({
        dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
      }),
      'spec: Invalid value: "spec.dataSource": must match dataSourceRef',
    ],
    ['A9', resources.persistentVolumes, volume({}), 'spec: Required value: must specify a volume type'],
    [
      'A9',
      resources.persistentVolumes,
      volume({ hostPath: { path: '/x' }, nfs: { server: 's', path: '/p' } }),
      'spec.nfs: Forbidden: may not specify more than 1 volume type',
    ],
    [
      'A9',
      resources.persistentVolumes,
      volume({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'], hostPath: { path: '/x' } }),
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    ],
    [
      'A9',
      resources.persistentVolumes,
      volume({ hostPath: { path: '/a/../b' } }),
      'spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
    ],
    [
      'A9',
      resources.persistentVolumes,
      volume({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }),
      "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
    ],
    [
      'A9',
      resources.persistentVolumes,
      volume({ local: { path: '/x' } }),
      'spec.nodeAffinity: Required value: Local volume requires node affinity',
    ],
    [
      'A9',
      resources.persistentVolumes,
      volume({ capacity: { storage: '0' }, hostPath: { path: '/x' } }),
      'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
    ],
    [
      'A9',
      resources.persistentVolumes,
      volume({ csi: { driver: 'x.y', volumeHandle: 'h', nodeStageSecretRef: { name: 's' } } }),
      'spec.csi.nodeStageSecretRef.namespace: Required value',
    ],
    ['A9', resources.persistentVolumes, volume({ csi: { driver: 'x.y' } }), 'spec.csi.volumeHandle: Required value'],
    [
      'A9',
      resources.persistentVolumes,
      volume({ hostPath: { path: '/x' }, volumeAttributesClassName: 'gold' }),
      'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
    ],
    [
      'A15',
      resources.persistentVolumes,
      volume({ flexVolume: { driver: 'a/b', options: { 'kubernetes.io/fsType': 'x' } } }),
      'spec.flexVolume.options[kubernetes.io/fsType]: Invalid value: "kubernetes.io/fsType": kubernetes.io and k8s.io namespaces are reserved',
    ],
    [
      'A12',
      resources.storageClasses,
      { provisioner: 'x', reclaimPolicy: 'Recycle' },
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    ],
    ['A12', resources.storageClasses, {}, 'provisioner: Required value'],
    [
      'A12',
      resources.storageClasses,
      { provisioner: 'x', parameters: { a: 'b'.repeat(256 * 1024) } },
      'parameters: Too long: may not be more than 262144 bytes',
    ],
    [
      'A12',
      resources.storageClasses,
      {
        provisioner: 'x',
        allowedTopologies: [{ matchLabelExpressions: [{ key: 'z', values: ['a', 'a'] }] }],
      },
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
    ],
    [
      'A13',
      resources.volumeAttachments,
      { spec: { attacher: 'a', nodeName: 'n', source: {} } },
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
    [
      'A13',
      resources.csiNodes,
      {
        spec: {
          drivers: [
            { name: 'a', nodeID: 'n' },
            { name: 'a', nodeID: 'n' },
          ],
        },
      },
      'spec.drivers[1].name: Duplicate value: "a"',
    ],
    [
      'A13',
      resources.csiNodes,
      { spec: { drivers: [{ name: 'a', nodeID: 'n'.repeat(257) }] } },
      `spec.drivers[0].nodeID: Invalid value: "${'n'.repeat(257)}": must be 256 characters or less`,
    ],
    [
      'A13',
      resources.csiDrivers,
      { spec: { tokenRequests: [{ audience: 'a' }, { audience: 'a' }] } },
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
    ],
    [
      'A13',
      resources.csiDrivers,
      { spec: { nodeAllocatableUpdatePeriodSeconds: 9 } },
      'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
    ],
    [
      'A13',
      resources.volumeAttributesClasses,
      { driverName: 'd' },
      'parameters: Required value: must contain at least one key/value pair',
    ],
    [
      'A14',
      resources.pods,
      pod({ volumeMounts: [{ name: 'test-volume', mountPath: '/t' }] }, [cache]),
      'spec.containers[0].volumeMounts[0].name: Not found: "test-volume"',
    ],
    [
      'A14',
      resources.pods,
      pod(
        {
          volumeMounts: [
            { name: 'cache', mountPath: '/t' },
            { name: 'cache', mountPath: '/t' },
          ],
        },
        [cache],
      ),
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/t": must be unique',
    ],
    ['A14', resources.pods, pod({}, [{ emptyDir: {} }]), 'spec.volumes[0].name: Required value'],
    ['A14', resources.pods, pod({}, [cache, cache]), 'spec.volumes[1].name: Duplicate value: "cache"'],
    [
      'A14',
      resources.pods,
      pod({}, [{ name: 'a', emptyDir: {}, hostPath: { path: '/' } }]),
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    [
      'Y8',
      resources.pods,
      pod({}, [{ name: 'a', hostPath: { path: '/', type: 'Folder' } }]),
      'spec.volumes[0].hostPath.type: Unsupported value: "Folder": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
    [
      'A14',
      resources.pods,
      pod(mount({ subPath: '/abs' }), [cache]),
      'spec.containers[0].volumeMounts.subPath: Invalid value: "/abs": must be a relative path',
    ],
    [
      'A14',
      resources.pods,
      pod(mount({ subPath: 'a', subPathExpr: 'b' }), [cache]),
      'spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive',
    ],
    [
      'A14',
      resources.pods,
      pod(mount({ mountPropagation: 'Bidirectional' }), [cache]),
      'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ],
    [
      'A14',
      resources.pods,
      pod(mount({ recursiveReadOnly: 'Enabled' }), [cache]),
      'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
    ],
    [
      'A14',
      resources.pods,
      pod({ volumeDevices: [{ name: 'cache', devicePath: '/dev/x' }] }, [cache]),
      'spec.containers[0].volumeDevices[0].name: Invalid value: "cache": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
    ],
    [
      'A14',
      resources.pods,
      pod({}, [
        { name: 'a', ephemeral: { volumeClaimTemplate: claim({}) } },
        { name: 'b', persistentVolumeClaim: { claimName: 'x-a' } },
      ]),
      'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "x-a": must not reference a PVC that gets created for an ephemeral volume',
    ],
    [
      'A14',
      resources.pods,
      pod({}, [{ name: 'a', emptyDir: { sizeLimit: '-1' } }]),
      'spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
    ],
    [
      'A14',
      resources.pods,
      pod({}, [{ name: 'a', projected: { sources: [{ secret: { name: 's' }, configMap: { name: 'c' } }] } }]),
      'spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source',
    ],
    [
      'A14',
      resources.pods,
      pod({}, [{ name: 'a', gitRepo: { repository: 'r', directory: '../x' } }]),
      'spec.volumes[0].gitRepo.directory: Invalid value: "../x": must not contain \'..\'',
    ],
    ['A14', resources.pods, { spec: { containers: [] } }, 'spec.containers: Required value'],
    ['A14', resources.pods, pod({ image: '' }), 'spec.containers[0].image: Required value'],
    [
      'A14',
      resources.pods,
      pod({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'U1',
      resources.deployments,
      {
        spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'c' } }, ...pod({}) } },
      },
      'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
    ],
    ['U1', resources.statefulSets, { spec: { template: pod({}) } }, 'spec.selector: Required value'],
    [
      'U1',
      resources.jobs,
      { spec: { template: pod({}) } },
      'spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never"',
    ],
    [
      'rel-X25',
      resources.configMaps,
      { data: { 'a/b': 'x' } },
      `data[a/b]: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    ],
    [
      'rel-X25',
      resources.configMaps,
      { data: { '..data': 'x' } },
      `data[..data]: Invalid value: "..data": must not start with '..'`,
    ],
    [
      'rel-X25',
      resources.secrets,
      { data: { a: Buffer.alloc(1024 * 1024 + 1).toString('base64') } },
      'data: Too long: may not be more than 1048576 bytes',
    ],
    [
      'rel-X15',
      resources.configMaps,
      { metadata: { annotations: { a: 'x'.repeat(256 * 1024) } } },
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
    [
      'rel-X13',
      resources.persistentVolumes,
      { ...volume({ hostPath: { path: '/x' } }), metadata: { namespace: 'a' } },
      'metadata.namespace: Forbidden: not allowed on this type',
    ],
    [
      'rel-X15',
      resources.configMaps,
      { metadata: { finalizers: ['short'] } },
      'metadata.finalizers[0]: Invalid value: "short": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ])('[%s] refuses %#', (_, type, raw, message) => {
    expect(problems(type, raw)).toEqual([message]);
  });

  it('[rel-X13] checks generated names by their prefix', () => {
    const errors = problems(resources.configMaps, { metadata: { generateName: 'Bad-' } });
    expect(errors).toEqual([`metadata.generateName: Invalid value: "Bad-": ${subdomainRule}`]);
  });
});
