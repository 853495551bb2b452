import type { Api } from '../api.ts';
import { claimsPath } from '../claims.ts';
import { must, onUp } from '../scenario.ts';

/** From the pod's creation to its running, with a claim of the class made just before. Milliseconds. */
async function startPod(api: Api, name: string): Promise<number> {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'standard-wait',
      resources: { requests: { storage: '16Mi' } },
    },
  };
  const container = {
    name: 'main',
    image: 'busybox',
    command: ['sleep', 'infinity'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, containers: [container], volumes },
  };
  await must(api.call('POST', claimsPath, claim));
  const start = performance.now();
  const created = JSON.parse(await must(api.call('POST', '/api/v1/namespaces/default/pods', pod)));
  const from = created.metadata.resourceVersion;
  const path = `/api/v1/namespaces/default/pods?watch=true&resourceVersion=${from}&fieldSelector=metadata.name%3D${name}`;
  await api.watch(path, ({ object }) => object.status?.phase === 'Running');
  return performance.now() - start;
}

export const pods = onUp({
  name: 'pods',
  run: async (_stowage, api) => {
    const first = await startPod(api, 'first');
    const later: number[] = [];
    for (let i = 0; i < 5; i++) later.push(await startPod(api, `later-${i}`));
    const start = performance.now();
    await Promise.all(Array.from({ length: 10 }, (_, i) => startPod(api, `together-${i}`)));
    const ten = performance.now() - start;
    const median = later.sort((a, b) => a - b)[2] ?? 0;
    return { firstPodMs: Math.round(first), laterPodMedianMs: Math.round(median), tenPodsMs: Math.round(ten) };
  },
});
