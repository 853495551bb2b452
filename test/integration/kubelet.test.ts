/** The node agent in virtual time: the real API server and volume manager, a runtime and a mount table in memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configMaps,
  csiNodes,
  type Draft,
  nodes,
  type Pod,
  type PodSpec,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
} from '../../src/api/index.ts';
import { realExec } from '../../src/base/index.ts';
import { createInformerFactory } from '../../src/client/index.ts';
import { type Kubelet, startKubelet } from '../../src/kubelet/index.ts';
import { ContainerRuntimeError } from '../../src/kubelet/runtime/runtime.ts';
import { FakeRuntime } from '../../src/kubelet/runtime/testing.ts';
import { boundaryFs } from '../../src/kubelet/volumemanager/testing/boundary-fs.ts';
import { FakeMounter } from '../../src/mount/index.ts';
import { ControlPlane } from './support/control-plane.ts';

const namespace = 'default';

describe('kubelet', () => {
  let plane: ControlPlane;
  let rootDir: string;
  let runtime: FakeRuntime;
  let mounter: FakeMounter;
  let kubelet: Kubelet;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    rootDir = await mkdtemp(join(tmpdir(), 'stowage-kubelet-'));
    runtime = new FakeRuntime(plane.clock);
    mounter = new FakeMounter();
    kubelet = await start();
  });
  afterEach(async () => {
    const stopping = kubelet[Symbol.asyncDispose]();
    await plane.clock.advance(40_000);
    await stopping;
    await plane[Symbol.asyncDispose]();
    await rm(rootDir, { recursive: true, force: true });
  });

  async function start(controllerAttachDetach = true): Promise<Kubelet> {
    const { clock, random, logger } = plane;
    const client = plane.clientOf('kubelet');
    const informers = plane.use(createInformerFactory({ client, clock, random, logger }));
    const started = await startKubelet({
      nodeName: 'n1',
      nodeIp: '127.0.0.1',
      rootDir,
      client,
      informers,
      runtime,
      clock,
      random,
      fs: boundaryFs(clock),
      exec: realExec(clock),
      mounter,
      logger,
      controllerAttachDetach,
      stopPods: true,
    });
    await clock.settle();
    return started;
  }

  function podDraft(name: string, spec: Partial<PodSpec> = {}): Draft<Pod> {
    const container = { name: 'web', image: 'docker.io/library/busybox:latest', command: ['sleep', '1000'] };
    return {
      metadata: { namespace, name },
      spec: { nodeName: 'n1', terminationGracePeriodSeconds: 5, containers: [container], ...spec },
    };
  }

  async function apply(draft: Draft<Pod>): Promise<Pod> {
    const pod = await plane.client.create(pods, draft);
    await plane.clock.settle();
    return pod;
  }

  const read = (name: string) => plane.get(pods, { namespace, name });
  async function stateOf(name: string) {
    const pod = await read(name);
    return pod?.status?.containerStatuses?.[0]?.state;
  }
  const until = (condition: () => Promise<boolean>, ms = 60_000) => plane.clock.until(condition, ms);
  const phaseIs = (name: string, phase: string) => async () => (await read(name))?.status?.phase === phase;

  it('registers the node with what it is and can do', async () => {
    await until(async () => {
      const node = await plane.get(nodes, { name: 'n1' });
      return node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    });
    const node = await plane.get(nodes, { name: 'n1' });
    expect(node?.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux' });
    expect(node?.status?.addresses).toContainEqual({ type: 'InternalIP', address: '127.0.0.1' });
  });

  it('is Ready at the moment at which it has its CSINode', async () => {
    const hasCsiNode = async () => (await plane.get(csiNodes, { name: 'n1' })) !== undefined;
    const isReady = async () => {
      const node = await plane.get(nodes, { name: 'n1' });
      return node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    };
    expect([await hasCsiNode(), await isReady()]).toEqual([false, false]);
    await until(hasCsiNode);
    expect(await isReady()).toBe(true);
  });

  it('[D2] takes back that the controller attaches its volumes, and refuses a volume that must be attached', async () => {
    const annotation = 'volumes.kubernetes.io/controller-managed-attach-detach';
    const annotationOf = async () => (await plane.get(nodes, { name: 'n1' }))?.metadata.annotations?.[annotation];
    expect(await annotationOf()).toBe('true');
    const stopping = kubelet[Symbol.asyncDispose]();
    await plane.clock.advance(40_000);
    await stopping;
    kubelet = await start(false);
    await until(async () => (await annotationOf()) === undefined);
    const claim = await plane.client.create(persistentVolumeClaims, {
      metadata: { namespace, name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], volumeName: 'v', resources: { requests: { storage: '1Gi' } } },
    });
    await plane.client.updateStatus(persistentVolumeClaims, { ...claim, status: { phase: 'Bound' } });
    await plane.client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        claimRef: { namespace, name: 'c', uid: claim.metadata.uid },
        csi: { driver: 'd.csi.test', volumeHandle: 'h' },
      },
    });
    const [container] = podDraft('user').spec.containers;
    const containers = container ? [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }] : [];
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }];
    await apply(podDraft('user', { containers, volumes }));
    const text = 'AttachVolume.Attach failed for volume "v" : attaching volumes from the kubelet is not supported';
    await until(async () =>
      (await plane.eventsOf('user')).some((event) => event.includes(`FailedAttachVolume ${text}`)),
    );
  });

  it('runs a pod and tells of it as Kubernetes does', async () => {
    await apply(podDraft('web-0'));
    await until(phaseIs('web-0', 'Running'));
    const pod = await read('web-0');
    expect(pod?.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ]);
    expect(pod?.status).toMatchObject({
      hostIP: '127.0.0.1',
      podIP: '127.0.0.1',
      qosClass: 'BestEffort',
      containerStatuses: [{ name: 'web', ready: true, started: true, restartCount: 0, lastState: {}, resources: {} }],
    });
    expect(await plane.eventsOf('web-0')).toEqual([
      'Normal Pulled Container image "docker.io/library/busybox:latest" already present on machine and can be accessed by the pod',
      'Normal Created Container created',
      'Normal Started Container started',
    ]);
  });

  it('[Y5] lets a deleted pod go: container, volumes, directory, object', async () => {
    const volumes = [{ name: 'scratch', emptyDir: {} }];
    const container = {
      name: 'web',
      image: 'b',
      command: ['x'],
      volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
    };
    const { metadata } = await apply(podDraft('web-0', { volumes, containers: [container] }));
    await until(phaseIs('web-0', 'Running'));
    expect(runtime.started[0]?.mounts.at(-1)).toMatchObject({
      source: join(rootDir, `pods/${metadata.uid}/volumes/kubernetes.io~empty-dir/scratch`),
      target: '/scratch',
    });
    await plane.client.delete(pods, { namespace, name: 'web-0' });
    await until(async () => (await read('web-0')) === undefined);
    expect(await plane.eventsOf('web-0')).toContain('Normal Killing Stopping container web');
    expect(await runtime.list()).toEqual([]);
    await expect(boundaryFs(plane.clock).readdir(join(rootDir, 'pods'))).resolves.toEqual([]);
  });

  it('[rel-E2] keeps the volumes of a pod whose container does not end before its grace is over', async () => {
    runtime.behave = () => ({ deaf: true });
    const volumes = [{ name: 'scratch', emptyDir: { medium: 'Memory' } }];
    const volumeMounts = [{ name: 'scratch', mountPath: '/scratch' }];
    await apply(
      podDraft('web-0', { volumes, containers: [{ name: 'web', image: 'b', command: ['x'], volumeMounts }] }),
    );
    await until(phaseIs('web-0', 'Running'));
    await plane.client.delete(pods, { namespace, name: 'web-0' });
    await plane.clock.advance(4_500);
    expect(await read('web-0')).toBeDefined();
    expect(kubelet.volumeManager.hasPossiblyMountedVolumes((await read('web-0'))?.metadata.uid ?? '')).toBe(true);
    await until(async () => (await read('web-0')) === undefined, 3_000);
  });

  it('shortens the grace when the pod is deleted again with less', async () => {
    runtime.behave = () => ({ deaf: true });
    await apply(podDraft('web-0', { terminationGracePeriodSeconds: 600 }));
    await until(phaseIs('web-0', 'Running'));
    await plane.client.delete(pods, { namespace, name: 'web-0' });
    await plane.clock.advance(10_000);
    await plane.client.delete(pods, { namespace, name: 'web-0' }, { gracePeriodSeconds: 3 });
    await until(async () => (await read('web-0')) === undefined, 5_000);
  });

  it('gives the containers of a pod that was deleted by force no time', async () => {
    runtime.behave = () => ({ deaf: true });
    await apply(podDraft('web-0', { terminationGracePeriodSeconds: 600 }));
    await until(phaseIs('web-0', 'Running'));
    await plane.client.delete(pods, { namespace, name: 'web-0' }, { gracePeriodSeconds: 0 });
    await until(async () => (await runtime.list()).length === 0, 3_000);
  });

  it('[U3] restarts a container that ends, with a back-off that grows', async () => {
    runtime.behave = () => ({ exitAfterMs: 1_000, exitCode: 1 });
    await apply(podDraft('crash'));
    await until(async () => runtime.started.length === 2);
    await until(async () => (await stateOf('crash'))?.waiting?.reason === 'CrashLoopBackOff');
    const pod = await read('crash');
    expect(pod?.status).toMatchObject({
      phase: 'Running',
      containerStatuses: [
        { restartCount: 1, ready: false, lastState: { terminated: { exitCode: 1, reason: 'Error' } } },
      ],
    });
    expect((await stateOf('crash'))?.waiting?.message).toMatch(
      /^back-off 10s restarting failed container=web pod=crash_/,
    );
    const before = plane.clock.now();
    await until(async () => runtime.started.length === 3);
    expect(plane.clock.now() - before).toBeGreaterThan(9_000);
    await until(async () => runtime.started.length === 4);
    await until(async () => ((await stateOf('crash'))?.waiting?.message ?? '').startsWith('back-off 40s'));
    expect((await runtime.list()).map(({ identity }) => identity.attempt)).toEqual([2, 3]);
  });

  it('backs off from a command that cannot be started', async () => {
    const startError = new ContainerRuntimeError('StartFailed', 'exec: "x": executable file not found in $PATH');
    runtime.behave = () => ({ startError });
    await apply(podDraft('typo'));
    await until(async () => (await stateOf('typo'))?.waiting?.reason === 'CrashLoopBackOff');
    expect((await read('typo'))?.status?.containerStatuses?.[0]?.lastState).toMatchObject({
      terminated: { exitCode: 128, reason: 'StartError' },
    });
    await plane.clock.advance(60_000);
    expect(runtime.started.length).toBeLessThan(7);
    expect(await plane.eventsOf('typo')).toContain(
      'Warning Failed Error: exec: "x": executable file not found in $PATH',
    );
  });

  it('tries a container again soon whose runtime did not answer', async () => {
    let calls = 0;
    const startError = new ContainerRuntimeError('Unavailable', 'gone');
    runtime.behave = () => (calls++ === 0 ? { startError } : {});
    await apply(podDraft('web-0'));
    await until(phaseIs('web-0', 'Running'), 1_000);
  });

  it('finishes a pod that is not to be restarted', async () => {
    runtime.behave = () => ({ exitAfterMs: 1_000, exitCode: 0 });
    await apply(podDraft('job', { restartPolicy: 'Never' }));
    await until(phaseIs('job', 'Succeeded'));
    expect(await stateOf('job')).toMatchObject({ terminated: { exitCode: 0, reason: 'Completed' } });
    runtime.behave = () => ({ exitAfterMs: 1_000, exitCode: 3 });
    await apply(podDraft('failing', { restartPolicy: 'Never' }));
    await until(phaseIs('failing', 'Failed'));
    await plane.client.delete(pods, { namespace, name: 'job' });
    await until(async () => (await read('job')) === undefined);
  });

  it('runs init containers one after the other before the others', async () => {
    runtime.behave = ({ identity }) => (identity.containerName.startsWith('init') ? { exitAfterMs: 500 } : {});
    const init = (name: string) => ({ name, image: 'b', command: ['x'] });
    await apply(podDraft('web-0', { initContainers: [init('init-1'), init('init-2')] }));
    await plane.clock.advance(200);
    expect((await read('web-0'))?.status).toMatchObject({ phase: 'Pending' });
    expect(await stateOf('web-0')).toEqual({ waiting: { reason: 'PodInitializing' } });
    await until(phaseIs('web-0', 'Running'));
    expect(runtime.started.map(({ identity }) => identity.containerName)).toEqual(['init-1', 'init-2', 'web']);
  });

  it('fails a pod whose init container fails and is not to be restarted', async () => {
    runtime.behave = () => ({ exitAfterMs: 500, exitCode: 2 });
    const initContainers = [{ name: 'init', image: 'b', command: ['x'] }];
    await apply(podDraft('web-0', { restartPolicy: 'Never', initContainers }));
    await until(phaseIs('web-0', 'Failed'));
    expect(runtime.started).toHaveLength(1);
  });

  it('names the image of a container that has no command', async () => {
    await apply(podDraft('web-0', { containers: [{ name: 'web', image: 'nginx' }] }));
    await until(async () => (await stateOf('web-0'))?.waiting?.reason === 'CreateContainerError');
    expect((await stateOf('web-0'))?.waiting?.message).toContain('image "nginx" is not loaded on this node');
  });

  it('builds the environment from fields, config maps and secrets, and waits for what is missing', async () => {
    const env = [
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'config', key: 'key' } } },
      { name: 'BOTH', value: '$(POD)-$(KEY)-$(UNKNOWN)-$$(POD)' },
    ];
    const envFrom = [{ prefix: 'S_', secretRef: { name: 'secret' } }];
    const container = { name: 'web', image: 'b', command: ['x', '$(BOTH)'], env, envFrom };
    await plane.client.create(secrets, {
      metadata: { namespace, name: 'secret' },
      data: { token: Buffer.from('hidden').toString('base64') },
    });
    await apply(podDraft('web-0', { containers: [container] }));
    await until(async () => (await stateOf('web-0'))?.waiting?.reason === 'CreateContainerConfigError');
    expect((await stateOf('web-0'))?.waiting?.message).toBe('configmap "config" not found');
    await plane.client.create(configMaps, { metadata: { namespace, name: 'config' }, data: { key: 'value' } });
    await until(phaseIs('web-0', 'Running'));
    const given = Object.fromEntries(runtime.started[0]?.env.map(({ name, value }) => [name, value]) ?? []);
    expect(given).toMatchObject({ POD: 'web-0', NODE: 'n1', BOTH: 'web-0-value-$(UNKNOWN)-$(POD)', S_token: 'hidden' });
    expect(runtime.started[0]?.args).toEqual(['x', 'web-0-value-$(UNKNOWN)-$(POD)']);
    expect(JSON.stringify(await plane.eventsOf('web-0'))).not.toContain('hidden');
  });

  it('asks readiness and liveness probes, and obeys their answers', async () => {
    let exitCode = 1;
    runtime.answer = (command) => ({ exitCode: command[0] === 'ready' ? exitCode : 0 });
    const probe = (name: string) => ({ exec: { command: [name] }, periodSeconds: 2, failureThreshold: 2 });
    const container = {
      name: 'web',
      image: 'b',
      command: ['x'],
      readinessProbe: probe('ready'),
      livenessProbe: probe('live'),
    };
    await apply(podDraft('web-0', { containers: [container] }));
    await until(phaseIs('web-0', 'Running'));
    await plane.clock.advance(5_000);
    const readyOf = async () => (await read('web-0'))?.status?.containerStatuses?.[0]?.ready;
    expect(await readyOf()).toBe(false);
    exitCode = 0;
    await until(async () => (await readyOf()) === true, 3_000);
    runtime.answer = (command) => ({ exitCode: command[0] === 'live' ? 1 : 0 });
    await until(async () => runtime.started.length === 2, 10_000);
    expect(await plane.eventsOf('web-0')).toContain(
      'Normal Killing Container web failed liveness probe, will be restarted',
    );
  });

  it('runs hooks around the life of a container', async () => {
    const lifecycle = { postStart: { exec: { command: ['hello'] } }, preStop: { exec: { command: ['bye'] } } };
    await apply(podDraft('web-0', { containers: [{ name: 'web', image: 'b', command: ['x'], lifecycle }] }));
    await until(phaseIs('web-0', 'Running'));
    await plane.client.delete(pods, { namespace, name: 'web-0' });
    await until(async () => (await read('web-0')) === undefined);
    expect(runtime.commands.map(({ command }) => command[0])).toEqual(['hello', 'bye']);
  });

  it('ends a pod that was active for too long', async () => {
    await apply(podDraft('web-0', { activeDeadlineSeconds: 30 }));
    await until(phaseIs('web-0', 'Running'));
    await until(phaseIs('web-0', 'Failed'), 40_000);
    expect((await read('web-0'))?.status).toMatchObject({ reason: 'DeadlineExceeded' });
  });

  it('[rel-E19] cleans up after pods that were deleted while it was away', async () => {
    await apply(podDraft('web-0'));
    await until(phaseIs('web-0', 'Running'));
    // The agent dies: what it had running keeps running.
    const { clock } = plane;
    const dead = runtime;
    const records = await dead.list();
    await kubelet[Symbol.asyncDispose]();
    runtime = new FakeRuntime(clock);
    for (const record of records) {
      const config = dead.started.find(({ id }) => id === record.id);
      if (config) await runtime.createAndStart(config);
    }
    await plane.client.delete(pods, { namespace, name: 'web-0' }, { gracePeriodSeconds: 0 });
    kubelet = await start();
    await until(async () => (await runtime.list()).length === 0);
    await until(async () => (await boundaryFs(clock).readdir(join(rootDir, 'pods'))).length === 0);
  });

  it('[rel-L12] writes nothing at rest but its lease', async () => {
    await apply(podDraft('web-0'));
    await until(phaseIs('web-0', 'Running'));
    await plane.clock.advance(30_000);
    const version = async () => (await read('web-0'))?.metadata.resourceVersion;
    const before = await version();
    await plane.clock.advance(120_000);
    expect(await version()).toBe(before);
  });
});
