/** Controllers, scheduler, node and sidecars of ours on Kubernetes' own API server and etcd, over HTTP alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RoleChild, SeparateRoles } from '../e2e/support/separate-roles.ts';
import { startKubeApiserver } from './support/kube-apiserver.ts';

describe('on a kube-apiserver', () => {
  let world: SeparateRoles;
  let roles: RoleChild[];

  beforeAll(async () => {
    world = await SeparateRoles.start(startKubeApiserver);
    const controllers = await world.startComponent(
      'controller-manager',
      '--use-service-account-credentials=true',
      '--root-ca-file',
      world.path('data', 'pki', 'ca.crt'),
    );
    roles = [controllers, await world.startComponent('scheduler')];
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  const gone = (out: string) => out === '';
  const running = (count: number) => (out: string) => (out.match(/1\/1\s+Running/g) ?? []).length === count;

  it('a StatefulSet gets its volumes, keeps them over a deleted pod, and leaves nothing behind', async () => {
    await world.goThroughSixSteps();
  });

  it('a pod gets the files of ConfigMaps, Secrets and its own fields, and a token', async () => {
    const script =
      'cat /all/a /all/b /all/labels; wc -c < /var/run/secrets/kubernetes.io/serviceaccount/token; sleep 600';
    const items = [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'from-config\n' } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { b: 'from-secret\n' } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'files', labels: { app: 'files' } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: 'a',
              image: 'busybox',
              command: ['sh', '-c', script],
              volumeMounts: [{ name: 'all', mountPath: '/all' }],
            },
          ],
          volumes: [
            {
              name: 'all',
              projected: {
                sources: [
                  { configMap: { name: 'c' } },
                  { secret: { name: 's' } },
                  { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
                ],
              },
            },
          ],
        },
      },
    ];
    await world.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const log = await world.until(['logs', 'files'], (out) => out.split('\n').length > 3);
    expect(log).toMatch(/^from-config\nfrom-secret\napp="files"\s*[1-9]\d{2,}\n$/);
    await world.kubectl(['delete', 'pod', 'files']);
    await world.until(['get', 'pods', '--no-headers'], gone);
  });

  it('a claim binds to the smallest volume that fits, and the volume is Released afterwards', async () => {
    const volume = (name: string, storage: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        capacity: { storage },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        hostPath: { path: world.path('driver') },
      },
    });
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'static' },
      spec: { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
    };
    const items = [volume('one', '1Gi'), volume('three', '3Gi'), volume('five', '5Gi')];
    const phases = ['get', 'pv', 'one', 'three', 'five', '-o', 'jsonpath={.items[*].status.phase}'];
    await world.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await world.until(phases, (out) => out === 'Available Available Available');
    await world.kubectl(['apply', '-f', '-'], JSON.stringify(claim));
    const path = [
      'get',
      'pvc',
      'static',
      '-o',
      'jsonpath={.status.phase} {.spec.volumeName} {.status.capacity.storage}',
    ];
    await world.until(path, (out) => out === 'Bound three 3Gi');
    await world.kubectl(['delete', 'pvc', 'static']);
    await world.until(phases, (out) => out === 'Available Released Available');
    await world.kubectl(['delete', 'pv', '--all']);
  });

  it('a pod that fits nowhere is told why, and one of a higher priority takes the place of another', async () => {
    const pod = (name: string, extra: object) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'a',
            image: 'busybox',
            command: ['sleep', '600'],
            resources: { requests: { 'example.com/disk': '1' }, limits: { 'example.com/disk': '1' } },
          },
        ],
        ...extra,
      },
    });
    const status = JSON.stringify({
      status: { capacity: { 'example.com/disk': '1' }, allocatable: { 'example.com/disk': '1' } },
    });
    await world.kubectl(['patch', 'node', 'node-0', '--subresource=status', '--type=merge', '-p', status]);
    const priority = {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high' },
      value: 1000,
    };
    const items = [priority, pod('low', {})];
    await world.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await world.until(['get', 'pod', 'low'], running(1));
    await world.kubectl(['apply', '-f', '-'], JSON.stringify(pod('waits', {})));
    const events = [
      'get',
      'events',
      '--field-selector',
      'reason=FailedScheduling',
      '-o',
      'jsonpath={.items[*].message}',
    ];
    await world.until(events, (out) => out.includes('0/1 nodes are available: 1 Insufficient example.com/disk.'));
    await world.kubectl(['delete', 'pod', 'waits']);
    await world.kubectl(['apply', '-f', '-'], JSON.stringify(pod('high', { priorityClassName: 'high' })));
    await world.until(['get', 'pods'], (out) => /high\s+1\/1\s+Running/.test(out) && !out.includes('low'));
    await world.kubectl(['delete', 'pod', 'high']);
    await world.until(['get', 'pods', '--no-headers'], gone);
  });

  it('a namespace and an owner go with what is in them', async () => {
    await world.kubectl(['create', 'namespace', 'full']);
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'a', image: 'busybox', command: ['sleep', '600'] }],
      },
    };
    const items = [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd', namespace: 'full' },
        spec: { replicas: 2, selector: { matchLabels: { a: 'b' } }, template },
      },
    ];
    await world.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await world.until(['get', 'pods', '-n', 'full'], running(2));
    await world.kubectl(['delete', 'deployment', 'd', '-n', 'full']);
    await world.until(['get', 'pods,replicasets', '-n', 'full', '--no-headers'], gone);
    await world.kubectl(['delete', 'namespace', 'full']);
    await world.until(['get', 'namespaces', '-o', 'name'], (out) => !out.includes('full'));
  });

  it('nobody asks for what upstream’s roles do not give', async () => {
    for (const role of roles) expect(role.log).not.toMatch(/^E/m);
    // The node authorizer hears of a pod a moment after its node does.
    const refused = world.log.split('\n').filter((line) => / cannot \w+ resource /.test(line));
    expect(refused.filter((line) => !line.includes('no relationship found between node'))).toEqual([]);
  });
});
