import { describe, expect, it } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { leaderElectionSettings } from '../roles/role-options.ts';
import { httpAddress, idleCsiSidecarFlags, leaseLabels, readSidecarFlags, sidecarFlags } from './csi-sidecar-flags.ts';
import { idleFlagsGiven } from './flag-table.ts';

const read = (flags: Record<string, string>) => readSidecarFlags(new Map(Object.entries(flags)));

describe('the flags of the CSI sidecars', () => {
  it('[O-e] leave what is not given to each sidecar', () => {
    const common = { retryIntervalStartMs: 1_000, retryIntervalMaxMs: 300_000 };
    expect(sidecarFlags(read({}))).toEqual({
      provisioner: {
        ...common,
        volumeNamePrefix: 'pvc',
        volumeNameUuidLength: -1,
        controllerPublishReadonly: false,
        defaultFsType: '',
        topology: true,
        strictTopology: false,
        immediateTopology: true,
        extraCreateMetadata: false,
        preventVolumeModeConversion: true,
        snapshotOrphanSweepIntervalMs: 300_000,
      },
      attacher: { ...common, defaultFsType: '' },
      resizer: { ...common, handleVolumeInuseError: true, extraModifyMetadata: false },
      snapshotter: {
        ...common,
        snapshotNamePrefix: 'snapshot',
        snapshotNameUuidLength: -1,
        extraCreateMetadata: false,
      },
    });
  });

  it('[O-e] set what they say', () => {
    const flags = read({
      timeout: '1m',
      'worker-threads': '7',
      workers: '3',
      'retry-interval-start': '2s',
      'retry-interval-max': '1m',
      'volume-name-prefix': 'vol',
      'volume-name-uuid-length': '8',
      'controller-publish-readonly': 'true',
      'default-fstype': 'xfs',
      'extra-create-metadata': 'true',
      'extra-modify-metadata': 'true',
      'feature-gates': 'Topology=false',
      'strict-topology': 'true',
      'immediate-topology': 'false',
      'prevent-volume-mode-conversion': 'false',
      'snapshot-orphan-sweep-interval': '1m',
      'handle-volume-inuse-error': 'false',
      'snapshot-name-prefix': 'snap',
      'snapshot-name-uuid-length': '8',
      'node-deployment': 'true',
      'node-deployment-immediate-binding': 'false',
      'node-deployment-base-delay': '5s',
      'node-deployment-max-delay': '30s',
      'leader-election': 'false',
    });
    const common = { retryIntervalStartMs: 2_000, retryIntervalMaxMs: 60_000, timeoutMs: 60_000 };
    expect(sidecarFlags(flags, 'n1')).toEqual({
      provisioner: {
        ...common,
        workerThreads: 7,
        volumeNamePrefix: 'vol',
        volumeNameUuidLength: 8,
        controllerPublishReadonly: true,
        defaultFsType: 'xfs',
        topology: false,
        strictTopology: true,
        immediateTopology: false,
        extraCreateMetadata: true,
        preventVolumeModeConversion: false,
        snapshotOrphanSweepIntervalMs: 60_000,
      },
      attacher: { ...common, workerThreads: 7, defaultFsType: 'xfs' },
      resizer: { ...common, workers: 3, handleVolumeInuseError: false, extraModifyMetadata: true },
      snapshotter: {
        ...common,
        workerThreads: 7,
        snapshotNamePrefix: 'snap',
        snapshotNameUuidLength: 8,
        extraCreateMetadata: true,
        nodeName: 'n1',
      },
      nodeDeployment: { nodeName: 'n1', immediateBinding: false, baseDelayMs: 5_000, maxDelayMs: 30_000 },
    });
  });

  it('are written as upstream’s sidecars write them or as the other roles do', () => {
    const spelled = {
      'leader-election': 'true',
      'leader-election-namespace': 'storage',
      'leader-election-lease-duration': '30s',
      'leader-election-renew-deadline': '20s',
      'leader-election-retry-period': '4s',
    };
    expect(leaderElectionSettings({ ...read(spelled), 'leader-elect-resource-name': 'd' })).toEqual({
      lease: { namespace: 'storage', name: 'd' },
      leaseDurationMs: 30_000,
      renewDeadlineMs: 20_000,
      retryPeriodMs: 4_000,
    });
    expect(leaderElectionSettings(read({ 'leader-election': 'false' }))).toBeUndefined();
    expect(leaderElectionSettings({ ...read({}), 'leader-elect-resource-name': 'd' })?.retryPeriodMs).toBe(5_000);
    expect(read({ 'metrics-address': ':9808' })['http-endpoint']).toBe(':9808');
  });

  it('tell what has no effect', () => {
    const given = new Map([
      ['resync-period', '15m'],
      ['groupsnapshot-name-prefix', 'group'],
    ]);
    expect(idleFlagsGiven(idleCsiSidecarFlags, given).map(({ flag }) => flag)).toEqual([
      '--resync-period',
      '--groupsnapshot-name-prefix',
    ]);
  });

  it.each([
    [':8080', { host: '', port: 8080 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['', undefined],
  ])('read the address "%s"', (written, expected) => {
    expect(httpAddress(written)).toEqual(expected);
  });

  it('read labels of the lease', () => {
    expect(leaseLabels('a=b,example.com/c=d')).toEqual({ a: 'b', 'example.com/c': 'd' });
    expect(leaseLabels('')).toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ['--http-endpoint: "8080"', () => httpAddress('8080')],
    ['--http-endpoint: ":99999"', () => httpAddress(':99999')],
    ['--leader-election-labels: "a"', () => leaseLabels('a')],
    ['--leader-election-lease-duration: "soon"', () => read({ 'leader-election-lease-duration': 'soon' })],
    ['--retry-interval-max: must not', () => sidecarFlags(read({ 'retry-interval-start': '1h' }))],
    ['--volume-name-prefix: is empty', () => sidecarFlags(read({ 'volume-name-prefix': '' }))],
    ['--snapshot-name-prefix: is empty', () => sidecarFlags(read({ 'snapshot-name-prefix': '' }))],
    ['--snapshot-name-uuid-length: "0"', () => sidecarFlags(read({ 'snapshot-name-uuid-length': '0' }))],
    ['--snapshot-name-uuid-length: "33"', () => read({ 'snapshot-name-uuid-length': '33' })],
    ['--node-deployment: needs --leader-election=false', () => sidecarFlags(read({ 'node-deployment': 'true' }), 'n1')],
    [
      '--node-deployment-max-delay: must not',
      () =>
        sidecarFlags(
          read({ 'node-deployment': 'true', 'leader-election': 'false', 'node-deployment-max-delay': '1s' }),
          'n1',
        ),
    ],
    [
      '--node-deployment: needs the name of the node',
      () => sidecarFlags(read({ 'node-deployment': 'true', 'leader-election': 'false' })),
    ],
  ])('are refused by name: %s', (message, parse) => {
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});
