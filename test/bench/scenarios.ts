/** What is measured: each scenario gets a fresh system and returns its figures. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stowage } from '../e2e/support/stowage.ts';
import { type Api, timed } from './api.ts';

export type Figures = Readonly<Record<string, number>>;

export interface Scenario {
  readonly name: string;
  readonly args?: readonly string[];
  run(stowage: Stowage, api: Api): Promise<Figures>;
}

const connections = 32;

async function must(call: Promise<{ status: number; body: string }>): Promise<string> {
  const { status, body } = await call;
  if (status >= 300) throw new Error(`status ${status}: ${body.slice(0, 500)}`);
  return body;
}

const rate = (count: number, seconds: number) => Math.round(count / seconds);

const ready: Scenario = {
  name: 'ready',
  run: async (stowage) => ({
    seconds: Number(/^ready in ([\d.]+)/.exec(stowage.readyLine)?.[1]),
    secondsFromExec: stowage.secondsToReady,
  }),
};

/** The process and everything it started, by parent. */
function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      parents.set(Number(name), Number(fields[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const members = [root];
  for (const member of members) for (const [pid, parent] of parents) if (parent === member) members.push(pid);
  return members;
}

function pssMegabytes(root: number): number {
  let kilobytes = 0;
  for (const pid of family(root)) {
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  }
  return Math.round(kilobytes / 1024);
}

const settleMs = 10_000;

const memory: Scenario = {
  name: 'memory',
  run: async (stowage) => {
    await delay(settleMs);
    return { idlePssMegabytes: pssMegabytes(stowage.child.pid ?? 0) };
  },
};

const configMaps: Scenario = {
  name: 'configmaps',
  run: async (_stowage, api) => {
    const count = 6000;
    const path = '/api/v1/namespaces/default/configmaps';
    const data = { text: 'x'.repeat(400) };
    const object = (index: number) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `bench-${index}` },
      data,
    });
    const create = async (index: number) => void (await must(api.call('POST', path, object(index))));
    const created = await timed(count, connections, create);
    const got = await timed(count, connections, async (i) => void (await must(api.call('GET', `${path}/bench-${i}`))));
    const patched = await timed(count, connections, async (index) => {
      const patch = { data: { text: `y${index}` } };
      await must(api.call('PATCH', `${path}/bench-${index}`, patch, 'application/merge-patch+json'));
    });
    const deleted = await timed(
      count,
      connections,
      async (i) => void (await must(api.call('DELETE', `${path}/bench-${i}`))),
    );
    return {
      createsPerSecond: rate(count, created),
      getsPerSecond: rate(count, got),
      patchesPerSecond: rate(count, patched),
      deletesPerSecond: rate(count, deleted),
    };
  },
};

const claimsPath = '/api/v1/namespaces/default/persistentvolumeclaims';

/** Binds claims to as many volumes that exist before; the creation of the claims counts. Seconds. */
async function bindClaims(api: Api, batch: string, count: number): Promise<number> {
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: batch };
  await timed(count, connections, async (index) => {
    const metadata = { name: `${batch}-${index}` };
    const volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata,
      spec: { ...spec, capacity: { storage: '1Gi' }, hostPath: { path: '/tmp' } },
    };
    await must(api.call('POST', '/api/v1/persistentvolumes', volume));
  });
  const { resourceVersion } = JSON.parse(await must(api.call('GET', `${claimsPath}?limit=1`))).metadata;
  const bound = new Set<string>();
  const start = performance.now();
  const allBound = api.watch(`${claimsPath}?watch=true&resourceVersion=${resourceVersion}`, ({ object }) => {
    if (object.status?.phase === 'Bound' && object.metadata.name.startsWith(`${batch}-`))
      bound.add(object.metadata.name);
    return bound.size === count;
  });
  await timed(count, connections, async (index) => {
    const metadata = { name: `${batch}-${index}` };
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: { ...spec, resources: { requests: { storage: '1Gi' } } },
    };
    await must(api.call('POST', claimsPath, claim));
  });
  await allBound;
  return (performance.now() - start) / 1000;
}

/** The 99th percentile of the event loop's delay since the last time it was asked, in milliseconds. */
async function loopDelayP99Ms(api: Api): Promise<number> {
  const text = await must(api.call('GET', '/metrics'));
  return Math.round(Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1]) * 10_000) / 10;
}

const bind: Scenario = {
  name: 'bind',
  run: async (_stowage, api) => {
    const warm = 200;
    await bindClaims(api, 'warm', warm);
    await loopDelayP99Ms(api);
    const small = await bindClaims(api, 'small', 500);
    const loopDelayP99MsAt500 = await loopDelayP99Ms(api);
    const large = await bindClaims(api, 'large', 5000);
    return {
      claimsPerSecondAt500: rate(500, small),
      loopDelayP99MsAt500,
      claimsPerSecondAt5000: rate(5000, large),
      secondsPerClaimRatio: Math.round((large / 5000 / (small / 500)) * 100) / 100,
    };
  },
};

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

const pods: Scenario = {
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
};

export const scenarios: readonly Scenario[] = [ready, memory, configMaps, bind, pods];
