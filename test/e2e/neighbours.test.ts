import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

/** A headless service, two pods on nodes of their own, and a budget that lets none of them go. */
const manifest = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
      containers:
      - {name: main, image: busybox, command: [sleep, infinity]}
`;

describe('pods and their neighbours', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start({ args: ['--nodes', '2'] });
    await stowage.ok('apply -f -', manifest);
    await stowage.until('get pods', (out) => (out.match(/1\/1\s+Running/g) ?? []).length === 2);
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  it('[U1] puts pods that keep apart on nodes of their own', async () => {
    const nodes = await stowage.ok('get pods -o jsonpath={.items[*].spec.nodeName}');
    expect(nodes.trim().split(' ').sort()).toEqual(['node-0', 'node-1']);
  });

  it('[U1] shows the pods of the service as its endpoints', async () => {
    await stowage.until('get endpointslices', (out) => /web-\S+\s+IPv4\s+80\s+\S+,\S+\s/.test(out));
    await stowage.until('get endpoints web', (out) => /web\s+[\d.]+:80,[\d.]+:80\s/.test(out));
    const hosts = await stowage.ok('get endpointslices -o jsonpath={.items[0].endpoints[*].hostname}');
    expect(hosts.trim().split(' ').sort()).toEqual(['web-0', 'web-1']);
  });

  it('[U1] does not drain a node while the budget forbids it', async () => {
    await stowage.until('get pdb', (out) => /web\s+2\s+N\/A\s+0\s/.test(out));
    const drain = ['drain', 'node-0', '--ignore-daemonsets', '--force', '--timeout=2s'];
    const { stderr } = await stowage.kubectl(drain);
    expect(stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    expect((await stowage.ok('get pods')).match(/1\/1\s+Running/g)).toHaveLength(2);
    await stowage.ok(['patch', 'pdb', 'web', '--type=merge', '-p', '{"spec":{"minAvailable":1}}']);
    await stowage.until('get pdb', (out) => /web\s+1\s+N\/A\s+1\s/.test(out));
    await stowage.ok(['drain', 'node-0', '--ignore-daemonsets', '--force', '--timeout=20s']);
    await stowage.until('get endpoints web', (out) => /web\s+[\d.]+:80\s/.test(out));
  });
});
