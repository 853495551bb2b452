import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { storageClassName: 'standard', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
};
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'user' },
  spec: {
    terminationGracePeriodSeconds: 0,
    restartPolicy: 'Never',
    containers: [
      { name: 'main', image: 'busybox', command: ['true'], volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    ],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  },
};

describe('up with --feature-gates', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start({ args: ['--feature-gates=PersistentVolumeClaimUnusedSinceTime=true'] });
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const untilUnused = (status: string) =>
    stowage.ok(['wait', 'pvc/data', `--for=condition=Unused=${status}`, '--timeout=60s']);

  it('[C5] tells which claims no pod uses', async () => {
    await stowage.ok(['apply', '-f', '-'], JSON.stringify(claim));
    await untilUnused('True');
    const described = await stowage.ok(['describe', 'pvc', 'data']);
    expect(described).toMatch(/Unused +True .* NoPodsUsingPVC +No pods are currently referencing this PVC/);
  });

  it('[C5] does not count a pod that has ended', async () => {
    const waiting = { ...pod, spec: { ...pod.spec, nodeSelector: { nowhere: 'yes' } }, metadata: { name: 'waiting' } };
    await stowage.ok(['apply', '-f', '-'], JSON.stringify(waiting));
    await untilUnused('False');
    await stowage.ok(['apply', '-f', '-'], JSON.stringify(pod));
    await stowage.ok(['delete', 'pod', 'waiting']);
    await stowage.ok(['wait', 'pod/user', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
    await untilUnused('True');
  });

  it('shows them as metrics', async () => {
    expect(await stowage.ok(['get', '--raw', '/metrics'])).toContain(
      'kubernetes_feature_enabled{name="PersistentVolumeClaimUnusedSinceTime",stage="ALPHA"} 1\n',
    );
  });
});
