/**
 * Controllers, scheduler, node, driver and sidecars of ours, over HTTPS, on an API server made of Kubernetes' own library
 * of 1.36 and its etcd: test/upstream/go/server.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RoleChild, SeparateRoles } from '../e2e/support/separate-roles.ts';
import { clientSteps, restart, runClient } from './support/client-go.ts';
import { missingLibraries } from './support/kubernetes-libraries.ts';
import { LibraryServer } from './support/library-server.ts';

const manifest = join(import.meta.dirname, '..', '..', 'examples', 'statefulset.yaml');
const missing = missingLibraries();
const nothing = (out: string) => out === '';
/** What no library has: validation, scales, evictions, tokens, and who may do what. */
const notInLibraries = [
  'discovery-aggregated',
  'errors',
  'subresources',
  'token-request',
  'access-review',
  'impersonation',
  'events',
];

describe.skipIf(missing)(missing ? `the library's server: ${missing}` : "the library's server", () => {
  let world: SeparateRoles;
  let roles: RoleChild[];
  const server = new LibraryServer();

  beforeAll(async () => {
    world = await SeparateRoles.start(server.start);
    roles = [await world.startComponent('controller-manager'), await world.startComponent('scheduler')];
  });

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  const bothRun = () =>
    world.until(['get', 'pods', '-o', 'jsonpath={.items[*].status.containerStatuses[*].ready}'], (out) => {
      return out === 'true true';
    });

  async function firstLine(): Promise<string> {
    const asked = ['get', 'pod', 'web-0', '-o', 'jsonpath={.metadata.uid}'];
    const { stdout: uid } = await world.kubectl(asked);
    const { stdout: volume } = await world.kubectl(['get', 'pvc', 'disk-web-0', '-o', 'jsonpath={.spec.volumeName}']);
    const file = world.path('k', 'pods', uid, 'volumes', 'kubernetes.io~csi', volume, 'mount', 'log');
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 30_000 }).toContain('\n');
    return readFileSync(file, 'utf8').split('\n')[0] as string;
  }

  it('a StatefulSet gets its volumes and keeps them over a deleted pod', async () => {
    await world.kubectl(['apply', '-f', manifest]);
    await bothRun();
    const first = await firstLine();
    expect(first).toMatch(/^web-0 /);
    const attached = ['get', 'volumeattachments', '-o', 'jsonpath={.items[*].status.attached}'];
    await world.until(attached, (out) => out === 'true true');
    const { stdout: uid } = await world.kubectl(['get', 'pod', 'web-0', '-o', 'jsonpath={.metadata.uid}']);
    await world.kubectl(['delete', 'pod', 'web-0']);
    await world.until(['get', 'pod', 'web-0', '-o', 'jsonpath={.metadata.uid}'], (out) => out !== '' && out !== uid);
    await bothRun();
    expect(await firstLine()).toBe(first);
  });

  it('a claim in use grows, and says how far it has come', async () => {
    await world.kubectl(['patch', 'storageclass', 'standard-wait', '-p', '{"allowVolumeExpansion":true}']);
    const larger = '{"spec":{"resources":{"requests":{"storage":"128Mi"}}}}';
    await world.kubectl(['patch', 'pvc', 'disk-web-0', '-p', larger]);
    const path = 'jsonpath={.status.capacity.storage} {.status.allocatedResources.storage}';
    await world.until(['get', 'pvc', 'disk-web-0', '-o', path], (out) => out === '128Mi 128Mi');
  });

  it('nobody had anything to complain of', () => {
    for (const role of roles) expect(role.log).not.toMatch(/^E/m);
  });

  it('the server dies and comes back: everybody goes on, and nothing is left behind at the end', async () => {
    await restart(server.child, () => server.serve());
    await world.until(['get', '--raw', '/readyz'], (out) => out === 'ok');
    await world.kubectl(['delete', 'statefulset', 'web']);
    await world.until(['get', 'pods', '-o', 'name'], nothing);
    await world.kubectl(['delete', 'pvc', '--all']);
    await world.until(['get', 'pv,volumeattachments', '-o', 'name'], nothing);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(world.directory);
  });

  it('a claim binds to the smallest volume that fits, and the volume is Released afterwards', async () => {
    const meta = (name: string) => ({ metadata: { name } });
    const common = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
    const volume = (name: string, storage: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      ...meta(name),
      spec: {
        ...common,
        capacity: { storage },
        persistentVolumeReclaimPolicy: 'Retain',
        hostPath: { path: world.path('driver') },
      },
    });
    const resources = { requests: { storage: '2Gi' } };
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      ...meta('static'),
      spec: { ...common, resources },
    };
    const items = [volume('one', '1Gi'), volume('three', '3Gi'), volume('five', '5Gi')];
    const phases = ['get', 'pv', 'one', 'three', 'five', '-o', 'jsonpath={.items[*].status.phase}'];
    await world.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await world.until(phases, (out) => out === 'Available Available Available');
    await world.kubectl(['apply', '-f', '-'], JSON.stringify(claim));
    const bound = 'jsonpath={.status.phase} {.spec.volumeName} {.status.capacity.storage}';
    await world.until(['get', 'pvc', 'static', '-o', bound], (out) => out === 'Bound three 3Gi');
    await world.kubectl(['delete', 'pvc', 'static']);
    await world.until(phases, (out) => out === 'Available Released Available');
    await world.kubectl(['delete', 'pv', '--all']);
  });
});

describe.skipIf(missing)(missing ? `client-go on it: ${missing}` : 'client-go on it', () => {
  it('sees what it sees on our API server', async () => {
    const server = new LibraryServer();
    await using world = await SeparateRoles.startApiServer(server.start);
    const told = await runClient({
      kubeconfig: world.path('kubeconfig'),
      server: () => server.child,
      serve: () => server.serve(),
      skip: notInLibraries,
    });
    const steps = clientSteps().filter((step) => !notInLibraries.includes(step));
    expect(told).toEqual(steps.map((step) => `ok ${step}`));
  });
});
