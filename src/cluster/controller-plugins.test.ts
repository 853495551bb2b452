import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersistentVolume } from '../api/index.ts';
import { realClock, realFs, UsageError } from '../base/index.ts';
import { loadControllerPlugins } from './controller-plugins.ts';
import { controllerSettings } from './controller-settings.ts';
import { controllerManagerFlags } from './flags/controller-manager-flags.ts';
import { readFlags } from './flags/flag-table.ts';

const volume = (spec: PersistentVolume['spec']): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { capacity: { storage: '10Gi' }, ...spec },
});
const hostPath = volume({ hostPath: { path: '/tmp/v' } });
const nfs = volume({ nfs: { server: 's', path: '/p' } });

async function load(flags: Readonly<Record<string, string>>) {
  const { binder } = controllerSettings(readFlags(controllerManagerFlags, new Map(Object.entries(flags))));
  return await loadControllerPlugins(binder, { fs: realFs, clock: realClock });
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'controller-plugins-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function template(text: string): Promise<string> {
  const path = join(directory, 'pod.yaml');
  await writeFile(path, text);
  return path;
}

describe('the flags of the plugins that recycle and provision', () => {
  it('[B12] have upstream defaults', async () => {
    const plugins = await load({});
    expect(plugins.findBySpec(hostPath)?.recyclerPod?.(hostPath).spec.activeDeadlineSeconds).toBe(300);
    expect(plugins.findBySpec(nfs)?.recyclerPod?.(nfs).spec.activeDeadlineSeconds).toBe(300);
    expect(plugins.findByName('kubernetes.io/host-path')?.provisioningDisabled).toBe(true);
  });

  it('[B12] [B14] set times, pod and provisioning for each kind by itself', async () => {
    const pod = await template(`
apiVersion: v1
kind: Pod
metadata: { name: mine, namespace: infra }
spec:
  restartPolicy: Never
  volumes: [{ name: data }]
  containers: [{ name: scrub, image: example.com/scrub, volumeMounts: [{ name: data, mountPath: /data }] }]
`);
    const plugins = await load({
      'enable-hostpath-provisioner': 'true',
      'pv-recycler-minimum-timeout-hostpath': '10',
      'pv-recycler-timeout-increment-hostpath': '5',
      'pv-recycler-minimum-timeout-nfs': '20',
      'pv-recycler-increment-timeout-nfs': '7',
      'pv-recycler-pod-template-filepath-nfs': pod,
    });
    expect(plugins.findByName('kubernetes.io/host-path')?.provisioningDisabled).toBe(false);
    expect(plugins.findBySpec(hostPath)?.recyclerPod?.(hostPath)).toMatchObject({
      metadata: { namespace: 'default' },
      spec: { activeDeadlineSeconds: 50, containers: [{ name: 'pv-recycler' }] },
    });
    expect(plugins.findBySpec(nfs)?.recyclerPod?.(nfs)).toMatchObject({
      metadata: { namespace: 'infra', name: 'recycler-for-v' },
      spec: {
        activeDeadlineSeconds: 70,
        volumes: [{ name: 'data', nfs: { server: 's', path: '/p' } }],
        containers: [{ name: 'scrub' }],
      },
    });
  });

  it.each([
    ['spec: { containers: [] }', 'no volume'],
    ['spec: { volumes: [{ name: v }], contaners: [] }', 'unknown field "spec.contaners"'],
    ['{', 'the pod that recycles volumes'],
  ])('[B12] refuse a pod that cannot do it: %s', async (text, message) => {
    const path = await template(text);
    const loading = load({ 'pv-recycler-pod-template-filepath-hostpath': path });
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(path);
  });

  it('[B12] refuse a file that is not there', async () => {
    await expect(load({ 'pv-recycler-pod-template-filepath-nfs': '/no/such/file' })).rejects.toThrow('/no/such/file');
  });
});
