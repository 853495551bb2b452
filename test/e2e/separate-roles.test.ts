import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RoleChild, SeparateRoles } from './support/separate-roles.ts';

const waits = { timeout: 20_000, interval: 50 };

const schedulerConfig = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  pluginConfig:
  - name: NodeResourcesFit
    args: { scoringStrategy: { type: MostAllocated } }
`;

describe('every role as a process of its own', () => {
  let world: SeparateRoles;
  let controllers: RoleChild;
  let scheduler: RoleChild;

  beforeAll(async () => {
    world = await SeparateRoles.start();
    controllers = await world.startComponent(
      'controller-manager',
      '--use-service-account-credentials=true',
      '--controllers=*,-cronjob,bootstrapsigner',
      '--cluster-cidr=10.244.0.0/16',
      '--allocate-node-cidrs=true',
      '--concurrent-rc-syncs=5',
      '--concurrent_service_syncs=5',
      '--feature-gates=PersistentVolumeClaimUnusedSinceTime=true,DynamicResourceAllocation=true',
      '--root-ca-file',
      world.path('data', 'pki', 'ca.crt'),
      '-v=2',
    );
    writeFileSync(world.path('scheduler.yaml'), schedulerConfig);
    scheduler = await world.startComponent('scheduler', '--v=2', '--config', world.path('scheduler.yaml'));
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('goes through the six steps over HTTP alone, with no more rights than upstream’s roles give', async () => {
    await world.goThroughSixSteps();
    for (const role of [controllers, scheduler]) {
      const { body } = await world.get(role, '/metrics');
      expect(body).toMatch(/^rest_client_requests_total\{code="201",method="POST"/m);
      expect(body).not.toContain('code="403"');
      expect(role.log).not.toContain('forbidden');
    }
  });

  it('registers a driver at the socket of its node, and leaves the lease to who reaches its controller', async () => {
    const sockets = ['--csi-address', world.path('n.sock'), '--kubelet-registration-path', world.path('n.sock')];
    const registry = ['--plugin-registration-path', world.path('other-registry')];
    const admin = ['--kubeconfig', world.path('kubeconfig')];
    mkdirSync(world.path('other-registry'));
    const registrar = world.spawn('csi-sidecar', ...admin, ...sockets, ...registry);
    await vi.waitFor(() => expect(registrar.log).toContain('the driver is registered, and nothing else'), waits);
    expect(existsSync(world.path('other-registry', 'hostpath.csi.k8s.io-reg.sock'))).toBe(true);
    expect(registrar.log).not.toContain('leader');
    registrar.child.kill('SIGTERM');
    await vi.waitFor(() => expect(registrar.child.exitCode).toBe(0), waits);
    const refused = world.spawn('csi-sidecar', ...admin, '--csi-address', world.path('n.sock'));
    await vi.waitFor(() => expect(refused.child.exitCode).toBe(1), waits);
    expect(refused.log).toContain('ControllerGetCapabilities');
  });

  it('[S2] [S4] [O-e] takes snapshots over HTTP alone, the controller and the driver’s sidecar side by side', async () => {
    world.spawn('snapshot-controller', '--kubeconfig', world.path('kubeconfig'), '--leader-election=false');
    const apiVersion = 'snapshot.storage.k8s.io/v1';
    const driver = 'hostpath.csi.k8s.io';
    const common = { driver, deletionPolicy: 'Delete' };
    const items = [
      { apiVersion, kind: 'VolumeSnapshotClass', metadata: { name: 'snaps' }, ...common },
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'now' },
        provisioner: driver,
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'now',
          resources: { requests: { storage: '16Mi' } },
        },
      },
      {
        apiVersion,
        kind: 'VolumeSnapshot',
        metadata: { name: 'taken' },
        spec: { volumeSnapshotClassName: 'snaps', source: { persistentVolumeClaimName: 'data' } },
      },
    ];
    await world.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await world.until(['get', 'vs', 'taken', '-o', 'jsonpath={.status.readyToUse}'], (out) => out === 'true');
    const snapshots = () => JSON.parse(readFileSync(world.path('driver', 'state.json'), 'utf8')).Snapshots ?? [];
    expect(snapshots()).toHaveLength(1);
    await world.kubectl(['delete', 'vs', 'taken', '--wait=true', '--timeout=60s']);
    await world.until(['get', 'vsc', '--no-headers'], (out) => out === '');
    expect(snapshots()).toEqual([]);
    await world.kubectl(['delete', 'pvc', 'data', '--wait=true', '--timeout=60s']);
  });

  it('[C5] tells that nobody uses a claim, with the rights that the gate takes', async () => {
    const storageClass = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'idle' },
      provisioner: 'hostpath.csi.k8s.io',
    };
    const resources = { requests: { storage: '1Mi' } };
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'idle' },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'idle', resources },
    };
    const items = [storageClass, claim];
    await world.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await world.kubectl(['wait', 'pvc/idle', '--for=condition=Unused', '--timeout=60s']);
    await world.kubectl(['delete', 'pvc', 'idle', '--wait=true', '--timeout=60s']);
    const gate = 'kubernetes_feature_enabled{name="PersistentVolumeClaimUnusedSinceTime",stage="ALPHA"}';
    expect((await world.get(controllers, '/metrics')).body).toContain(`${gate} 1\n`);
    expect((await world.get(scheduler, '/metrics')).body).toContain(`${gate} 0\n`);
    expect(controllers.log).toMatch(/feature gates without effect.*DynamicResourceAllocation=true/);
    expect(controllers.log).not.toContain('forbidden');
  });

  it('serves health to everybody and the rest to whom the API server lets', async () => {
    for (const path of ['/healthz', '/livez', '/readyz'])
      expect(await world.get(controllers, path, 'nobody')).toEqual({ code: 200, body: 'ok' });
    expect((await world.get(scheduler, '/readyz?verbose', 'nobody')).body).toBe(
      '[+]ping ok\n[+]leaderElection ok\n[+]informer-sync ok\nreadyz check passed\n',
    );
    const refused = await world.get(scheduler, '/metrics', 'nobody');
    expect(refused.code).toBe(403);
    expect(refused.body).toContain('forbidden: User \\"system:anonymous\\" cannot get path \\"/metrics\\"');
    const { body } = await world.get(controllers, '/metrics');
    expect(body).toContain('leader_election_master_status{name="kube-controller-manager"} 1\n');
    expect(body).toMatch(/^workqueue_adds_total\{name="claims"\} [1-9]/m);
    expect(body).toMatch(/^process_resident_memory_bytes [1-9]/m);
    expect((await world.get(controllers, '/configz')).body).toContain('"forceDetachOnTimeout": false');
    expect((await world.get(controllers, '/nothing')).code).toBe(404);
  });

  it('takes the flags of upstream’s sidecars, and a scheduler with several profiles', async () => {
    const lease = ['get', 'lease', '-n', 'kube-system', '-l', 'app=csi', '-o', 'name'];
    await world.until(lease, (out) => out.trim() === 'lease.coordination.k8s.io/hostpath.csi.k8s.io');
    expect((await world.get(scheduler, '/configz')).body).toContain('"schedulerName": "packing"');
  });

  it('says why a claim waits', async () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'waits' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'missing',
        resources: { requests: { storage: '1Gi' } },
      },
    };
    await world.kubectl(['apply', '-f', '-'], JSON.stringify(claim));
    const path = '/debug/decisions/persistentvolumeclaim/default/waits';
    let told = await world.get(controllers, path);
    for (let tries = 0; told.code === 404 && tries < 100; tries++) {
      await delay(50);
      told = await world.get(controllers, path);
    }
    expect(told.code).toBe(200);
    expect(JSON.parse(told.body)).toMatchObject({ key: 'persistentvolumeclaim/default/waits' });
    await world.kubectl(['delete', 'pvc', 'waits']);
  });

  it('tells which flags have no effect, and which controllers are not there', () => {
    expect(controllers.log).toContain('"flag without effect" flag="--cluster-cidr"');
    expect(controllers.log).toContain('flag="--concurrent-service-syncs"');
    expect(controllers.log).toContain('controller="bootstrap-signer-controller"');
  });
});
