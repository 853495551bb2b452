import { describe, expect, it } from 'vitest';
import { decode } from '../decode.ts';
import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import * as resources from '../resources.ts';
import { applyDefaults } from './defaults.ts';
import { defaultPullPolicy } from './image.ts';

function defaulted(type: ResourceType, raw: unknown): KubernetesObject {
  const { object } = decode(type, raw);
  const once = applyDefaults(type, object);
  expect(applyDefaults(type, once)).toEqual(once);
  return once;
}

const metadata = { name: 'web' };
const templateSpec = {
  automountServiceAccountToken: false,
  containers: [
    {
      command: ['sh'],
      image: 'docker.io/library/busybox:latest',
      imagePullPolicy: 'Never',
      name: 'web',
      volumeMounts: [{ mountPath: '/data', name: 'disk' }],
    },
  ],
  hostNetwork: true,
  terminationGracePeriodSeconds: 1,
};
const templateSpecDefaulted = {
  ...templateSpec,
  containers: [
    {
      ...templateSpec.containers[0],
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    },
  ],
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
};

describe('applyDefaults', () => {
  it('[A6] completes a StatefulSet and its claim templates', () => {
    const set = defaulted(resources.statefulSets, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        serviceName: 'web',
        template: { metadata: { labels: { app: 'web' } }, spec: templateSpec },
        volumeClaimTemplates: [
          {
            metadata: { name: 'disk' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '64Mi' } },
              storageClassName: 'golden-wait',
            },
          },
        ],
      },
    });
    expect(set).toEqual({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        podManagementPolicy: 'OrderedReady',
        replicas: 2,
        revisionHistoryLimit: 10,
        selector: { matchLabels: { app: 'web' } },
        serviceName: 'web',
        template: { metadata: { labels: { app: 'web' } }, spec: templateSpecDefaulted },
        updateStrategy: { rollingUpdate: { partition: 0 }, type: 'RollingUpdate' },
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'disk' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '64Mi' } },
              storageClassName: 'golden-wait',
              volumeMode: 'Filesystem',
            },
            status: { phase: 'Pending' },
          },
        ],
      },
      status: { replicas: 0, availableReplicas: 0 },
    });
  });

  it('[A6] completes a Pod, its volumes and probes', () => {
    const pod = defaulted(resources.pods, {
      metadata,
      spec: {
        serviceAccountName: 'me',
        containers: [
          {
            name: 'c',
            image: 'nginx',
            ports: [{ containerPort: 80 }],
            livenessProbe: { httpGet: { port: 80 } },
            env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
            resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
          },
        ],
        volumes: [
          { name: 'none' },
          { name: 'config', configMap: { name: 'x' } },
          { name: 'secret', secret: { secretName: 'x', defaultMode: 256 } },
          { name: 'host', hostPath: { path: '/x' } },
          { name: 'iscsi', iscsi: { targetPortal: 'p', iqn: 'q', lun: 0 } },
          {
            name: 'projected',
            projected: { sources: [{ serviceAccountToken: { path: 't' } }, { secret: { name: 's' } }] },
          },
          { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
        ],
      },
    });
    expect(pod).toMatchObject({
      spec: {
        enableServiceLinks: true,
        serviceAccount: 'me',
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            imagePullPolicy: 'Always',
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            livenessProbe: {
              httpGet: { port: 80, path: '/', scheme: 'HTTP' },
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
            },
            env: [{ valueFrom: { fieldRef: { apiVersion: 'v1' } } }],
            resources: { requests: { cpu: '500m', memory: '1Gi' } },
          },
        ],
        volumes: [
          { name: 'none', emptyDir: {} },
          { configMap: { name: 'x', defaultMode: 420 } },
          { secret: { defaultMode: 256 } },
          { hostPath: { path: '/x', type: '' } },
          { iscsi: { iscsiInterface: 'default' } },
          { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { expirationSeconds: 3600 } }, {}] } },
          { ephemeral: { volumeClaimTemplate: { spec: { volumeMode: 'Filesystem' } } } },
        ],
      },
      status: { phase: 'Pending' },
    });
  });

  it('[A6] makes host ports of container ports on the host’s network', () => {
    const pod = defaulted(resources.pods, {
      metadata,
      spec: { hostNetwork: true, containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
    });
    expect(pod).toMatchObject({ spec: { containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] } });
  });

  it.each<[string, ResourceType, unknown, unknown]>([
    [
      'a PersistentVolume',
      resources.persistentVolumes,
      { spec: { hostPath: { path: '/srv' } } },
      {
        spec: {
          hostPath: { path: '/srv', type: '' },
          persistentVolumeReclaimPolicy: 'Retain',
          volumeMode: 'Filesystem',
        },
        status: { phase: 'Pending' },
      },
    ],
    [
      'a claim',
      resources.persistentVolumeClaims,
      { spec: { storageClassName: '', resources: { requests: { storage: '1Gi' } } } },
      {
        spec: { storageClassName: '', resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ],
    [
      'a StorageClass',
      resources.storageClasses,
      { provisioner: 'x' },
      { provisioner: 'x', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
    ],
    [
      'a CSIDriver',
      resources.csiDrivers,
      { spec: { fsGroupPolicy: 'File', podInfoOnMount: true, volumeLifecycleModes: ['Ephemeral'] } },
      {
        spec: {
          attachRequired: true,
          fsGroupPolicy: 'File',
          podInfoOnMount: true,
          requiresRepublish: false,
          seLinuxMount: false,
          storageCapacity: false,
          volumeLifecycleModes: ['Ephemeral'],
        },
      },
    ],
    [
      'a VolumeAttachment',
      resources.volumeAttachments,
      { spec: { attacher: 'x', nodeName: 'n', source: {} } },
      { spec: { attacher: 'x', nodeName: 'n', source: {} }, status: { attached: false } },
    ],
    [
      'a Secret',
      resources.secrets,
      { stringData: { a: 'new', b: 'ü' }, data: { a: 'b2xk', c: 'Yw==' } },
      { type: 'Opaque', data: { a: 'bmV3', b: 'w7w=', c: 'Yw==' } },
    ],
    [
      'a Namespace',
      resources.namespaces,
      {},
      {
        metadata: { name: 'web', labels: { 'kubernetes.io/metadata.name': 'web' } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      },
    ],
    [
      'a headless Service',
      resources.services,
      { spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
      {
        spec: {
          clusterIP: 'None',
          clusterIPs: ['None'],
          internalTrafficPolicy: 'Cluster',
          ipFamilies: ['IPv4'],
          ipFamilyPolicy: 'SingleStack',
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
          sessionAffinity: 'None',
          type: 'ClusterIP',
        },
        status: { loadBalancer: {} },
      },
    ],
    [
      'a Node',
      resources.nodes,
      { status: { capacity: { cpu: '2' } } },
      {
        spec: {},
        status: { capacity: { cpu: '2' }, allocatable: { cpu: '2' } },
      },
    ],
  ])('[A6] completes %s', (_, type, raw, expected) => {
    const object = { metadata, ...(raw as object) };
    expect(defaulted(type, object)).toEqual({ metadata, ...(expected as object) });
  });

  it.each<[ResourceType, unknown]>([
    [
      resources.deployments,
      {
        replicas: 1,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      },
    ],
    [
      resources.daemonSets,
      {
        revisionHistoryLimit: 10,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      },
    ],
    [resources.replicaSets, { replicas: 1 }],
    [
      resources.cronJobs,
      { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
    ],
    [
      resources.jobs,
      {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        manualSelector: false,
        podReplacementPolicy: 'TerminatingOrFailed',
      },
    ],
  ])('[U1] completes workloads even when everything is missing', (type, spec) => {
    expect(defaulted(type, { metadata })).toMatchObject({ spec });
  });

  const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
  const custom = { apiGroup: 'example.com', kind: 'Thing', name: 't' };
  it.each([
    ['copies a snapshot', { dataSource: snapshot }, { dataSource: snapshot, dataSourceRef: snapshot }],
    ['copies back', { dataSourceRef: custom }, { dataSource: custom, dataSourceRef: custom }],
    ['drops unknown kinds', { dataSource: custom }, {}],
    [
      'keeps another namespace apart',
      { dataSourceRef: { ...snapshot, namespace: 'n' } },
      {
        dataSourceRef: { ...snapshot, namespace: 'n' },
      },
    ],
    [
      'keeps both when both are given',
      { dataSource: snapshot, dataSourceRef: custom },
      {
        dataSource: snapshot,
        dataSourceRef: custom,
      },
    ],
  ])('[A8] %s', (_, spec, expected) => {
    const claim = defaulted(resources.persistentVolumeClaims, { metadata, spec });
    expect(claim).toEqual({
      metadata,
      spec: { ...expected, volumeMode: 'Filesystem', resources: {} },
      status: { phase: 'Pending' },
    });
  });

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.2', 'IfNotPresent'],
    ['host:5000/nginx', 'Always'],
    ['host:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
  ])('[A6] an image %s is pulled %s', (image, policy) => {
    expect(defaultPullPolicy(image)).toBe(policy);
  });

  it('returns a complete object of a small kind itself', () => {
    const object = decode(resources.configMaps, { metadata: { name: 'x' }, data: { a: 'b' } }).object;
    expect(applyDefaults(resources.configMaps, object)).toBe(object);
  });
});
