import { describe, expect, it } from 'vitest';
import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import * as resources from '../resources.ts';
import { humanDuration } from './cells.ts';
import { customTableOf } from './custom.ts';
import { tableOf } from './table.ts';
import type { PrintedTable } from './table-types.ts';

const nowMs = Date.parse('2026-11-21T03:15:43Z');
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString().replace('.000Z', 'Z');

interface Raw {
  readonly metadata?: object;
  readonly [key: string]: unknown;
}

function objectOf(type: ResourceType, raw: Raw): KubernetesObject {
  const metadata = { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: ago(85), ...raw.metadata };
  const content: object = { spec: {}, ...raw };
  return { apiVersion: 'v1', kind: type.kind, ...content, metadata };
}

/** The table as kubectl aligns it: columns in capitals, three spaces between them. */
function shown(table: PrintedTable, wide: boolean): string[] {
  const visible = table.columnDefinitions.map((column) => wide || column.priority === 0);
  const lines = [
    table.columnDefinitions.map((column) => column.name.toUpperCase()),
    ...table.rows.map((row) => row.cells.map(String)),
  ].map((cells) => cells.filter((_, index) => visible[index]));
  const widths = (lines[0] ?? []).map((_, index) => Math.max(...lines.map((line) => (line[index] ?? '').length)));
  return lines.map((line) =>
    line.map((cell, index) => (index === line.length - 1 ? cell : cell.padEnd((widths[index] ?? 0) + 3))).join(''),
  );
}

function printed(type: ResourceType, objects: readonly Raw[], wide = true): string[] {
  return shown(
    tableOf(
      type,
      objects.map((raw) => objectOf(type, raw)),
      nowMs,
    ),
    wide,
  );
}

const claimRef = (name: string) => ({ namespace: 'golden', name });

describe('tables of storage kinds', () => {
  it('[V1] prints PersistentVolumes', () => {
    const lines = printed(resources.persistentVolumes, [
      {
        metadata: { name: 'golden-free' },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteMany'],
          persistentVolumeReclaimPolicy: 'Retain',
          storageClassName: 'manual2',
          volumeMode: 'Filesystem',
        },
        status: { phase: 'Available' },
      },
      {
        metadata: { name: 'golden-static' },
        spec: {
          capacity: { storage: '2Gi' },
          accessModes: ['ReadOnlyMany', 'ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          claimRef: claimRef('static'),
          storageClassName: 'manual',
          volumeMode: 'Filesystem',
        },
        status: { phase: 'Bound' },
      },
      {
        metadata: { name: 'pvc-c841acb4-92e1-4112-9aec-bffaa88e3dda', creationTimestamp: ago(76) },
        spec: {
          capacity: { storage: '64Mi' },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Delete',
          claimRef: claimRef('disk-web-1'),
          storageClassName: 'golden-wait',
          volumeMode: 'Filesystem',
        },
        status: { phase: 'Bound' },
      },
    ]);
    expect(lines).toEqual([
      'NAME                                       CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM               STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE   VOLUMEMODE',
      'golden-free                                1Gi        RWX            Retain           Available                       manual2        <unset>                          85s   Filesystem',
      'golden-static                              2Gi        RWO,ROX        Retain           Bound       golden/static       manual         <unset>                          85s   Filesystem',
      'pvc-c841acb4-92e1-4112-9aec-bffaa88e3dda   64Mi       RWO            Delete           Bound       golden/disk-web-1   golden-wait    <unset>                          76s   Filesystem',
    ]);
  });

  it('[V1] prints claims, their capacity only when they have a volume', () => {
    const status = { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] };
    const lines = printed(resources.persistentVolumeClaims, [
      {
        metadata: { name: 'static' },
        spec: { volumeName: 'golden-static', storageClassName: 'manual', volumeMode: 'Filesystem' },
        status,
      },
      {
        metadata: { name: 'stuck' },
        spec: { storageClassName: '', volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
      {
        metadata: { name: 'waiting' },
        spec: { storageClassName: 'golden-wait', volumeMode: 'Filesystem' },
        status: { ...status, phase: 'Pending' },
      },
    ]);
    expect(lines).toEqual([
      'NAME      STATUS    VOLUME          CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE   VOLUMEMODE',
      'static    Bound     golden-static   2Gi        RWO,ROX        manual         <unset>                 85s   Filesystem',
      'stuck     Pending                                                            <unset>                 85s   Filesystem',
      'waiting   Pending                                             golden-wait    <unset>                 85s   Filesystem',
    ]);
  });

  it('[C1] shows a claim that is being deleted as Terminating', () => {
    const lines = printed(resources.persistentVolumeClaims, [
      { metadata: { deletionTimestamp: ago(1) }, status: { phase: 'Bound' } },
    ]);
    expect(lines[1]).toContain('Terminating');
  });

  it('[V1] prints the other storage kinds', () => {
    expect(
      printed(resources.storageClasses, [
        {
          metadata: { name: 'golden-wait' },
          provisioner: 'hostpath.csi.k8s.io',
          volumeBindingMode: 'WaitForFirstConsumer',
        },
        {
          metadata: {
            name: 'hp',
            creationTimestamp: ago(31 * 60 + 10),
            annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
          },
          provisioner: 'hostpath.csi.k8s.io',
          reclaimPolicy: 'Delete',
          volumeBindingMode: 'Immediate',
          allowVolumeExpansion: true,
        },
      ]),
    ).toEqual([
      'NAME           PROVISIONER           RECLAIMPOLICY   VOLUMEBINDINGMODE      ALLOWVOLUMEEXPANSION   AGE',
      'golden-wait    hostpath.csi.k8s.io   Delete          WaitForFirstConsumer   false                  85s',
      'hp (default)   hostpath.csi.k8s.io   Delete          Immediate              true                   31m',
    ]);
    expect(
      printed(resources.csiDrivers, [
        {
          metadata: { name: 'hostpath.csi.k8s.io' },
          spec: { attachRequired: true, podInfoOnMount: true, volumeLifecycleModes: ['Persistent', 'Ephemeral'] },
        },
      ]),
    ).toEqual([
      'NAME                  ATTACHREQUIRED   PODINFOONMOUNT   STORAGECAPACITY   TOKENREQUESTS   REQUIRESREPUBLISH   MODES                  AGE',
      'hostpath.csi.k8s.io   true             true             false             <unset>         false               Persistent,Ephemeral   85s',
    ]);
    expect(printed(resources.csiNodes, [{ metadata: { name: 'n1' }, spec: { drivers: [{}] } }])).toEqual([
      'NAME   DRIVERS   AGE',
      'n1     1         85s',
    ]);
    expect(
      printed(resources.volumeAttachments, [
        {
          metadata: { name: 'csi-6a', creationTimestamp: ago(84) },
          spec: { attacher: 'hostpath.csi.k8s.io', nodeName: 'n1', source: { persistentVolumeName: 'pvc-e2' } },
          status: { attached: true },
        },
      ]),
    ).toEqual([
      'NAME     ATTACHER              PV       NODE   ATTACHED   AGE',
      'csi-6a   hostpath.csi.k8s.io   pvc-e2   n1     true       84s',
    ]);
    expect(printed(resources.csiStorageCapacities, [{ storageClassName: 's', capacity: '1Gi' }])).toEqual([
      'NAME   STORAGECLASSNAME   CAPACITY',
      'x      s                  1Gi',
    ]);
    expect(printed(resources.volumeAttributesClasses, [{ driverName: 'd' }])).toEqual([
      'NAME   DRIVERNAME   AGE',
      'x      d            85s',
    ]);
  });
});

const running = { running: { startedAt: ago(10) } };
const container = { name: 'c', ready: true, restartCount: 0, state: running };
const spec = { containers: [{ name: 'c' }] };

describe('tables of workloads', () => {
  it('[V1] prints running pods', () => {
    const lines = printed(resources.pods, [
      {
        metadata: { name: 'web-0' },
        spec: { ...spec, nodeName: 'n1' },
        status: { phase: 'Running', podIPs: [{ ip: '127.0.0.1' }], containerStatuses: [container] },
      },
    ]);
    expect(lines).toEqual([
      'NAME    READY   STATUS    RESTARTS   AGE   IP          NODE   NOMINATED NODE   READINESS GATES',
      'web-0   1/1     Running   0          85s   127.0.0.1   n1     <none>           <none>',
    ]);
  });

  const sidecar = { name: 's', restartPolicy: 'Always' };
  it.each<[string, object, object, string]>([
    [
      'waiting',
      spec,
      {
        phase: 'Pending',
        containerStatuses: [{ ...container, ready: false, state: { waiting: { reason: 'ContainerCreating' } } }],
      },
      '0/1 ContainerCreating 0',
    ],
    [
      'restarting',
      spec,
      {
        phase: 'Running',
        containerStatuses: [
          {
            ...container,
            ready: false,
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1, finishedAt: ago(40) } },
          },
        ],
      },
      '0/1 CrashLoopBackOff 3 (40s ago)',
    ],
    [
      'completed',
      spec,
      {
        phase: 'Succeeded',
        containerStatuses: [
          { ...container, ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
        ],
      },
      '0/1 Completed 0',
    ],
    [
      'killed',
      spec,
      {
        phase: 'Failed',
        containerStatuses: [{ ...container, ready: false, state: { terminated: { exitCode: 137, signal: 9 } } }],
      },
      '0/1 Signal:9 0',
    ],
    ['evicted', spec, { phase: 'Failed', reason: 'Evicted' }, '0/1 Evicted 0'],
    [
      'initialising',
      { ...spec, initContainers: [{ name: 'i' }] },
      { phase: 'Pending', initContainerStatuses: [{ name: 'i', restartCount: 0, state: running }] },
      '0/1 Init:0/1 0',
    ],
    [
      'failing to initialise',
      { ...spec, initContainers: [{ name: 'i' }] },
      {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'i', restartCount: 1, state: { terminated: { exitCode: 2 } } }],
      },
      '0/1 Init:ExitCode:2 1',
    ],
    [
      'with a sidecar',
      { ...spec, initContainers: [sidecar] },
      {
        phase: 'Running',
        initContainerStatuses: [{ ...container, name: 's', started: true }],
        containerStatuses: [container],
      },
      '2/2 Running 0',
    ],
    [
      'gated',
      spec,
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      '0/1 SchedulingGated 0',
    ],
  ])('[V1] tells of a pod that is %s', (_, podSpec, status, expected) => {
    const pod = objectOf(resources.pods, { spec: podSpec, status });
    const cells = tableOf(resources.pods, [pod], nowMs).rows[0]?.cells ?? [];
    expect(cells.slice(1, 4).join(' ')).toBe(expected);
  });

  it('[V1] prints a StatefulSet, a Deployment and a Job', () => {
    const template = { spec: { containers: [{ name: 'web', image: 'busybox' }] } };
    expect(
      printed(resources.statefulSets, [
        { metadata: { name: 'web' }, spec: { replicas: 2, template }, status: { readyReplicas: 2 } },
      ]),
    ).toEqual(['NAME   READY   AGE   CONTAINERS   IMAGES', 'web    2/2     85s   web          busybox']);
    expect(
      printed(resources.deployments, [
        {
          spec: { replicas: 3, template, selector: { matchLabels: { app: 'x' } } },
          status: { readyReplicas: 1, updatedReplicas: 2 },
        },
      ]),
    ).toEqual([
      'NAME   READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES    SELECTOR',
      'x      1/3     2            0           85s   web          busybox   app=x',
    ]);
    expect(
      printed(
        resources.jobs,
        [
          {
            spec: { completions: 2, template },
            status: {
              succeeded: 2,
              startTime: ago(80),
              completionTime: ago(20),
              conditions: [{ type: 'Complete', status: 'True' }],
            },
          },
        ],
        false,
      ),
    ).toEqual(['NAME   STATUS     COMPLETIONS   DURATION   AGE', 'x      Complete   2/2           60s        85s']);
  });
});

describe('tables of core kinds', () => {
  it('[V1] prints nodes', () => {
    const node = {
      metadata: { name: 'n1', creationTimestamp: ago(31 * 60) },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        nodeInfo: { kubeletVersion: 'v1.36.0' },
      },
    };
    expect(printed(resources.nodes, [node], false)).toEqual([
      'NAME   STATUS                     ROLES    AGE   VERSION',
      'n1     Ready,SchedulingDisabled   <none>   31m   v1.36.0',
    ]);
  });

  it('[V1] prints events', () => {
    const event = {
      metadata: { name: 'web-0.17' },
      type: 'Normal',
      reason: 'FailedBinding',
      involvedObject: { kind: 'PersistentVolumeClaim', name: 'stuck' },
      message: 'no persistent volumes available\n',
      firstTimestamp: ago(85),
      lastTimestamp: ago(8),
      count: 7,
      source: { component: 'persistentvolume-controller' },
    };
    expect(printed(resources.coreEvents, [event], false)).toEqual([
      'LAST SEEN   TYPE     REASON          OBJECT                        MESSAGE',
      '8s          Normal   FailedBinding   persistentvolumeclaim/stuck   no persistent volumes available',
    ]);
  });

  it('[V1] prints a service, a secret, a lease and an unknown kind', () => {
    expect(
      printed(resources.services, [
        {
          spec: {
            type: 'ClusterIP',
            clusterIP: 'None',
            ports: [{ port: 80, protocol: 'TCP' }],
            selector: { app: 'x' },
          },
        },
      ]),
    ).toEqual([
      'NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR',
      'x      ClusterIP   None         <none>        80/TCP    85s   app=x',
    ]);
    expect(printed(resources.secrets, [{ type: 'Opaque', data: { a: '' } }])[1]).toBe('x      Opaque   1      85s');
    expect(printed(resources.leases, [{ spec: { holderIdentity: 'me' } }])[1]).toBe('x      me       85s');
    expect(printed(resources.roles, [{}])).toEqual(['NAME   CREATED AT', `x      ${ago(85)}`]);
  });

  it('[V1] prints custom kinds by the columns of their definition', () => {
    const columns = [
      { name: 'ReadyToUse', type: 'boolean', jsonPath: '.status.readyToUse' },
      { name: 'Condition', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
      { name: 'CreationTime', type: 'date', jsonPath: '.status.creationTime' },
      { name: 'Missing', type: 'string', jsonPath: '.spec.missing' },
    ];
    const object = objectOf(resources.configMaps, {
      status: {
        readyToUse: true,
        creationTime: ago(40),
        conditions: [{ type: 'Other' }, { type: 'Ready', reason: 'Fine' }],
      },
    });
    expect(customTableOf(columns, [object], nowMs).rows).toEqual([{ cells: ['x', true, 'Fine', '40s', null] }]);
    expect(shown(customTableOf(undefined, [object], nowMs), false)).toEqual(['NAME   AGE', 'x      85s']);
  });
});

describe('humanDuration', () => {
  it.each([
    [-5, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [125, '2m5s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [8 * 3600, '8h'],
    [51 * 3600, '2d3h'],
    [8 * 86400, '8d'],
    [800 * 86400, '2y70d'],
    [3000 * 86400, '8y'],
  ])('[V1] %i seconds is %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text);
  });
});
