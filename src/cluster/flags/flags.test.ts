import { describe, expect, it } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { controllerSettings, defaultControllerSettings } from '../controller-settings.ts';
import { controllerTable } from '../controller-table.ts';
import { leaderElectionSettings } from '../roles/role-options.ts';
import { concurrencyFlags, controllerManagerFlags, idleControllerManagerFlags } from './controller-manager-flags.ts';
import { chooseControllers } from './controller-names.ts';
import { idleFlagsGiven, readFlags } from './flag-table.ts';
import { idleSchedulerFlags, schedulerFlags } from './scheduler-flags.ts';

const given = (flags: Record<string, string>) => new Map(Object.entries(flags));
const controllerManager = (flags: Record<string, string>) => readFlags(controllerManagerFlags, given(flags));

describe('the flags of the controller manager', () => {
  it('have upstream’s defaults', () => {
    expect(defaultControllerSettings).toEqual({
      binder: {
        syncPeriodMs: 15_000,
        dynamicProvisioning: true,
        hostPathProvisioner: false,
        hostPathRecycler: { podTemplateFile: '', minimumTimeoutSeconds: 60, timeoutIncrementSeconds: 30 },
        nfsRecycler: { podTemplateFile: '', minimumTimeoutSeconds: 300, timeoutIncrementSeconds: 30 },
      },
      attachDetach: {
        syncPeriodMs: 60_000,
        reconcileSync: true,
        // Not upstream's: a volume leaves a node on evidence only.
        forceDetachOnTimeout: false,
      },
      claimProtection: { tellsUnused: false },
      nodeLifecycle: {
        gracePeriodMs: 50_000,
        startupGracePeriodMs: 60_000,
        evictionRate: 0.1,
        secondaryEvictionRate: 0.01,
        largeClusterSize: 50,
        unhealthyZoneThreshold: 0.55,
      },
      podGc: { terminatedPodThreshold: 12_500 },
      resourceQuota: { syncPeriodMs: 300_000 },
      concurrency: {},
    });
    expect(leaderElectionSettings(controllerManager({}))).toEqual({
      lease: { namespace: 'kube-system', name: 'kube-controller-manager' },
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
    });
  });

  it('bound how many objects a controller works on at a time', () => {
    const flags = controllerManager({ 'concurrent-statefulset-syncs': '3', 'concurrent-rc-syncs': '5' });
    expect(controllerSettings(flags).concurrency).toEqual({
      'statefulset-controller': 3,
      'replicationcontroller-controller': 5,
    });
    const names = new Set(controllerTable.map(({ name }) => name));
    expect(Object.values(concurrencyFlags).filter((name) => !names.has(name))).toEqual([]);
    expect(() => controllerManager({ 'concurrent-gc-syncs': '0' })).toThrow('--concurrent-gc-syncs: "0" is too small');
  });

  it('set what they say', () => {
    const flags = controllerManager({
      'attach-detach-reconcile-sync-period': '30s',
      'disable-attach-detach-reconcile-sync': 'true',
      'disable-force-detach-on-timeout': 'false',
      'enable-dynamic-provisioning': 'false',
      'enable-hostpath-provisioner': 'true',
      'pv-recycler-increment-timeout-nfs': '45',
      'pv-recycler-minimum-timeout-hostpath': '45',
      'pvclaimbinder-sync-period': '30s',
      'node-monitor-grace-period': '30s',
      'feature-gates': 'PersistentVolumeClaimUnusedSinceTime=true',
    });
    const { binder, attachDetach, claimProtection, nodeLifecycle } = controllerSettings(flags);
    expect(attachDetach).toMatchObject({ syncPeriodMs: 30_000, reconcileSync: false, forceDetachOnTimeout: true });
    expect(binder).toMatchObject({
      syncPeriodMs: 30_000,
      dynamicProvisioning: false,
      hostPathProvisioner: true,
      hostPathRecycler: { minimumTimeoutSeconds: 45 },
      nfsRecycler: { timeoutIncrementSeconds: 45 },
    });
    expect(claimProtection.tellsUnused).toBe(true);
    expect(nodeLifecycle.gracePeriodMs).toBe(30_000);
  });

  it.each([
    ['leader-elect-lease-duration', 'soon'],
    ['leader-elect-lease-duration', '0'],
    ['leader-elect', 'perhaps'],
    ['leader-elect-resource-lock', 'endpoints'],
    ['secure-port', '70000'],
    ['secure-port', 'https'],
    ['attach-detach-reconcile-sync-period', '500ms'],
    ['unhealthy-zone-threshold', '1.5'],
    ['terminated-pod-gc-threshold', '-1'],
    ['kube-api-qps', 'many'],
    ['logging-format', 'xml'],
    ['v', '11'],
  ])('refuse --%s=%s and name the flag', (name, value) => {
    expect(() => controllerManager({ [name]: value })).toThrow(new RegExp(`^--${name}: `));
    expect(() => controllerManager({ [name]: value })).toThrow(UsageError);
  });

  it('refuse times of the lease that do not fit each other', () => {
    const settings = (flags: Record<string, string>) => () => leaderElectionSettings(controllerManager(flags));
    expect(settings({ 'leader-elect-lease-duration': '10s' })).toThrow(
      '--leader-elect-lease-duration: must be greater',
    );
    expect(settings({ 'leader-elect-renew-deadline': '2s' })).toThrow('--leader-elect-renew-deadline: must be greater');
    expect(settings({ 'leader-elect': 'false', 'leader-elect-renew-deadline': '2s' })()).toBeUndefined();
  });

  it('take a static pod’s flags, and say which have no effect', () => {
    const kubeadm = given({
      'allocate-node-cidrs': 'true',
      'authentication-kubeconfig': '/etc/kubernetes/controller-manager.conf',
      'bind-address': '127.0.0.1',
      'cluster-cidr': '10.244.0.0/16',
      'cluster-name': 'kubernetes',
      'cluster-signing-cert-file': '/etc/kubernetes/pki/ca.crt',
      controllers: '*,bootstrapsigner,tokencleaner',
      'requestheader-client-ca-file': '/etc/kubernetes/pki/front-proxy-ca.crt',
      'use-service-account-credentials': 'true',
    });
    expect(readFlags(controllerManagerFlags, kubeadm)['use-service-account-credentials']).toBe(true);
    expect(idleFlagsGiven(idleControllerManagerFlags, kubeadm).map(({ flag }) => flag)).toEqual([
      '--requestheader-client-ca-file',
      '--allocate-node-cidrs',
      '--cluster-cidr',
      '--cluster-signing-cert-file',
      '--cluster-name',
    ]);
  });

  it('check the values of flags without effect too', () => {
    expect(() => idleFlagsGiven(idleControllerManagerFlags, given({ 'concurrent-service-syncs': 'x' }))).toThrow(
      '--concurrent-service-syncs: "x" is not a whole number',
    );
  });

  it('stand in one table only', () => {
    for (const [table, idle] of [
      [controllerManagerFlags, idleControllerManagerFlags],
      [schedulerFlags, idleSchedulerFlags],
    ] as const) {
      const idleNames = Object.values(idle).flatMap((group) => Object.keys(group));
      expect(idleNames.filter((name) => name in table)).toEqual([]);
      expect(new Set(idleNames).size).toBe(idleNames.length);
    }
  });
});

describe('the choice of controllers', () => {
  const own = ['persistentvolume-binder-controller', 'persistentvolume-attach-detach-controller', 'job-controller'];
  const chosen = (...entries: string[]) => [...chooseControllers(entries, own).enabled];

  it.each([
    [['*'], own],
    [
      ['*', '-attachdetach'],
      ['persistentvolume-binder-controller', 'job-controller'],
    ],
    [['-job-controller', '*'], own.slice(0, 2)],
    [['persistentvolume-binder'], ['persistentvolume-binder-controller']],
    [['*', '-job-controller', 'job'], own.slice(0, 2)],
    [['-job-controller'], []],
  ])('of %j is %j', (entries, expected) => {
    expect(chosen(...entries)).toEqual(expected);
  });

  it('refuses a name that nobody has', () => {
    expect(() => chosen('*', 'foo')).toThrow('--controllers: "foo" is not a known controller');
    expect(() => chosen('-bar')).toThrow('--controllers: "bar" is not a known controller');
  });

  it('names those of upstream that were asked for and are not here', () => {
    expect(chooseControllers(['*', 'bootstrapsigner', '-nodeipam'], own).missing).toEqual([
      'bootstrap-signer-controller',
    ]);
  });
});
