import { describe, expect, it } from 'vitest';
import type { PersistentVolumeSpec } from '../../api/index.ts';
import { realClock, realFs } from '../../base/index.ts';
import { reconstructedVolume } from '../volume-spec.ts';
import { createControllerPlugins } from './controller-plugins.ts';
import { defaultRecyclerTemplate, type RecyclerConfig, recyclerPod, recyclerTimeoutSeconds } from './recycler-pod.ts';

const plugins = createControllerPlugins({ fs: realFs, clock: realClock });
const volume = (spec: PersistentVolumeSpec) => reconstructedVolume('v', spec);
const hostPath = volume({ hostPath: { path: '/tmp/v' } });
const nfs = volume({ nfs: { server: 's', path: '/p' }, capacity: { storage: '20Gi' } });

describe('the plugins of the controllers', () => {
  it.each<[string, PersistentVolumeSpec]>([
    ['kubernetes.io/host-path', { hostPath: { path: '/p' } }],
    ['kubernetes.io/nfs', { nfs: { server: 's', path: '/p' } }],
    ['kubernetes.io/iscsi', { iscsi: { targetPortal: 't', iqn: 'i', lun: 0 } }],
    ['kubernetes.io/fc', { fc: { targetWWNs: ['w'], lun: 0 } }],
    ['kubernetes.io/local-volume', { local: { path: '/p' } }],
    ['kubernetes.io/csi', { csi: { driver: 'd', volumeHandle: 'h' } }],
  ])('[B17] know volumes of %s', (name, spec) => {
    expect(plugins.findBySpec(volume(spec))?.name).toBe(name);
    expect(plugins.findByName(name)?.name).toBe(name);
  });

  it('[B17] know no FlexVolume', () => {
    expect(plugins.findBySpec(volume({ flexVolume: { driver: 'd' } }))).toBeUndefined();
    expect(() => plugins.getDeletable(volume({ flexVolume: { driver: 'd' } }), undefined)).toThrow(
      'no volume plugin matched',
    );
  });

  it('[B13] [B14] provision hostPath only', () => {
    expect(plugins.getProvisionable('kubernetes.io/host-path').provisioningDisabled).toBe(true);
    expect(() => plugins.getProvisionable('kubernetes.io/nfs')).toThrow('no provisionable volume plugin matched');
    expect(() => plugins.getProvisionable('kubernetes.io/aws-ebs')).toThrow(
      'no volume plugin matched name: kubernetes.io/aws-ebs',
    );
  });

  it('[B11] delete hostPath only', () => {
    expect(plugins.getDeletable(hostPath, undefined).delete).toBeDefined();
    expect(plugins.getDeletable(hostPath, 'kubernetes.io/host-path').delete).toBeDefined();
    expect(() => plugins.getDeletable(nfs, undefined)).toThrow('no deletable volume plugin matched');
    expect(() => plugins.getDeletable(hostPath, 'kubernetes.io/nfs')).toThrow('no deletable volume plugin matched');
  });

  it('[B12] recycle hostPath and NFS', () => {
    expect(plugins.findBySpec(hostPath)?.recyclerPod?.(hostPath)).toMatchObject({
      metadata: { namespace: 'default', name: 'recycler-for-v' },
      spec: { activeDeadlineSeconds: 60, volumes: [{ name: 'vol', hostPath: { path: '/tmp/v' } }] },
    });
    expect(plugins.findBySpec(nfs)?.recyclerPod?.(nfs)).toMatchObject({
      metadata: { namespace: 'default', name: 'recycler-for-v' },
      spec: { activeDeadlineSeconds: 600, volumes: [{ name: 'vol', nfs: { server: 's', path: '/p' } }] },
    });
    expect(plugins.findByName('kubernetes.io/iscsi')?.recyclerPod).toBeUndefined();
  });
});

describe('the pod that recycles', () => {
  const config: RecyclerConfig = {
    template: defaultRecyclerTemplate,
    minimumTimeoutSeconds: 60,
    timeoutIncrementSeconds: 30,
  };
  const source = { hostPath: { path: '/p' } };

  it.each([
    ['1Gi', 60],
    ['2Gi', 60],
    ['3Gi', 90],
    ['3900Mi', 90],
    ['100Mi', 60],
    ['1Ti', 30_720],
  ])('[B12] has so many seconds for a volume of %s: %i', (storage, seconds) => {
    expect(recyclerTimeoutSeconds(config, volume({ ...source, capacity: { storage } }))).toBe(seconds);
  });

  it('[B12] empties everything and tells whether it did', () => {
    expect(defaultRecyclerTemplate.spec.containers).toEqual([
      {
        name: 'pv-recycler',
        image: 'registry.k8s.io/build-image/debian-base:bookworm-v1.0.6',
        command: ['/bin/sh'],
        args: ['-c', 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'],
        volumeMounts: [{ name: 'vol', mountPath: '/scrub' }],
      },
    ]);
  });

  it('[B12] runs where the volume is', () => {
    const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }];
    const there = volume({ ...source, nodeAffinity: { required: { nodeSelectorTerms } } });
    expect(recyclerPod(config, there, source).spec.affinity).toEqual({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    });
    expect(recyclerPod(config, volume(source), source).spec.affinity).toBeUndefined();
  });

  it("[B12] is the operator's, with the volume in place of its first", () => {
    const template = {
      metadata: { namespace: 'infra', name: 'mine', labels: { app: 'recycler' } },
      spec: { containers: [{ name: 'x', image: 'i' }], volumes: [{ name: 'data' }, { name: 'other', emptyDir: {} }] },
    };
    expect(recyclerPod({ ...config, template }, volume(source), source)).toMatchObject({
      metadata: { namespace: 'infra', name: 'recycler-for-v', labels: { app: 'recycler' } },
      spec: {
        volumes: [
          { name: 'data', hostPath: { path: '/p' } },
          { name: 'other', emptyDir: {} },
        ],
      },
    });
  });
});
