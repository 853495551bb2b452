import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';
import { leftBehind, lookAtWorld, type World } from './support/world.ts';

const manifest = join(import.meta.dirname, '..', '..', 'examples', 'statefulset.yaml');

describe('the six steps', () => {
  let stowage: Stowage;
  let before: World;
  let callLog: string;

  beforeAll(async () => {
    const directory = await Stowage.makeDirectory();
    callLog = join(directory, 'calls.jsonl');
    const args = ['--driver-arg', '--call-log', '--driver-arg', callLog];
    stowage = await Stowage.start({ directory, args });
    // What the system makes once for itself (the runtime's tools, a certificate for logs and exec) comes with the first pod.
    await stowage.ok(['apply', '-f', manifest]);
    await stowage.until('get pods', podsRunning(2));
    await stowage.ok('exec web-0 -- true');
    await removeEverything();
    before = lookAtWorld(stowage.dataDir, ignored());
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  /** The calls of the driver about one volume that have ended, in their order, from a line of its log on. */
  function callsOf(volumeId: string, from = 0): string[] {
    const begun = new Set<number>();
    const methods: string[] = [];
    for (const line of readFileSync(callLog, 'utf8').split('\n').filter(Boolean).slice(from)) {
      const { event, call, method, request, code } = JSON.parse(line);
      if (event === 'begin' && request?.volume_id === volumeId) begun.add(call);
      if (event === 'end' && begun.has(call) && code === 'OK') methods.push(method);
    }
    return methods;
  }
  const callCount = () => readFileSync(callLog, 'utf8').split('\n').filter(Boolean).length;
  const handleOf = async (claim: string) => {
    const volume = await stowage.ok(['get', 'pvc', claim, '-o', 'jsonpath={.spec.volumeName}']);
    return stowage.ok(['get', 'pv', volume, '-o', 'jsonpath={.spec.csi.volumeHandle}']);
  };

  /** The database itself. */
  const ignored = () => new Set([join(stowage.dataDir, 'store')]);

  async function removeEverything(): Promise<void> {
    await stowage.ok('delete statefulset web');
    await stowage.until('get pods --no-headers', (out) => out === '');
    await stowage.ok('delete pvc --all');
    await stowage.until('get pv --no-headers', (out) => out === '');
    await stowage.until('get volumeattachments --no-headers', (out) => out === '');
  }

  const podsRunning = (count: number) => (out: string) =>
    out.split('\n').filter((line) => /^web-\d\s+1\/1\s+Running/.test(line)).length === count;

  it('[C4][B8][H4][D8] runs a StatefulSet whose claims are provisioned, attached, staged and mounted', async () => {
    await stowage.ok(['apply', '-f', manifest]);
    await stowage.until('get pods', podsRunning(2));
    const claims = await stowage.ok('get pvc');
    expect(claims).toMatch(/disk-web-0\s+Bound\s+pvc-[-0-9a-f]{36}\s+64Mi\s+RWO\s+standard-wait\s+<unset>/);
    expect(claims).toMatch(/disk-web-1\s+Bound/);
    const selected = await stowage.ok([
      'get',
      'pvc',
      'disk-web-0',
      '-o',
      'jsonpath={.metadata.annotations.volume\\.kubernetes\\.io/selected-node}',
    ]);
    expect(selected).toBe('node-0');
    const attachments = await stowage.ok('get volumeattachments');
    const calls = callsOf(await handleOf('disk-web-0'));
    expect(calls).toEqual(['ControllerPublishVolume', 'NodeStageVolume', 'NodePublishVolume']);
    expect(attachments.match(/hostpath\.csi\.k8s\.io\s+pvc-\S+\s+node-0\s+true/g)).toHaveLength(2);
    const metrics = await stowage.ok(['get', '--raw', '/metrics']);
    const ended = '"hostpath.csi.k8s.io",method_name="/csi.v1.Controller/CreateVolume",grpc_status_code="OK"';
    expect(metrics).toContain(`csi_sidecar_operations_seconds_count{driver_name=${ended}} `);
    expect(metrics).toMatch(/^workqueue_adds_total\{name="hostpath\.csi\.k8s\.io-attach"\} [1-9]/m);
    expect(metrics).toMatch(
      /^apiserver_request_total\{verb="CREATE",group="apps",.*resource="statefulsets",.*\} [1-9]/m,
    );
  });

  it('[J13] keeps the log over the deletion of the pod', async () => {
    await stowage.until('exec web-0 -- cat /data/log', (out) => out.split('\n').length > 2);
    const first = (await stowage.ok('exec web-0 -- head -n 1 /data/log')).trim();
    const uid = await stowage.ok('get pod web-0 -o jsonpath={.metadata.uid}');
    const handle = await handleOf('disk-web-0');
    const seen = callCount();
    await stowage.ok('delete pod web-0');
    await stowage.until(
      'get pod web-0 -o jsonpath={.metadata.uid},{.status.phase}',
      (out) => out !== `${uid},Running` && out.endsWith(',Running'),
    );
    expect((await stowage.ok('exec web-0 -- head -n 1 /data/log')).trim()).toBe(first);
    expect(callsOf(handle, seen)[0]).toBe('NodeUnpublishVolume');
    expect(callsOf(handle, seen).at(-1)).toBe('NodePublishVolume');
  });

  it('[D8][N6] detaches when scaled to nothing, and finds the data again', async () => {
    const first = (await stowage.ok('exec web-0 -- head -n 1 /data/log')).trim();
    const handle = await handleOf('disk-web-0');
    const seen = callCount();
    await stowage.ok('scale statefulset web --replicas=0');
    await stowage.until('get volumeattachments --no-headers', (out) => out === '');
    const calls = ['NodeUnpublishVolume', 'NodeUnstageVolume', 'ControllerUnpublishVolume'];
    expect(callsOf(handle, seen)).toEqual(calls);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(stowage.dataDir);
    await stowage.ok('scale statefulset web --replicas=1');
    await stowage.until('get pods', podsRunning(1));
    expect((await stowage.ok('exec web-0 -- head -n 1 /data/log')).trim()).toBe(first);
    expect(await stowage.ok('get pvc disk-web-1')).toContain('Bound');
  });

  it('[B11][O8][rel-L7] leaves nothing behind when everything is deleted', async () => {
    await removeEverything();
    await expect
      .poll(() => leftBehind(before, lookAtWorld(stowage.dataDir, ignored())), {
        timeout: 15_000,
      })
      .toEqual({});
  });

  it('stops with status 0 and an empty mount table', async () => {
    expect(await stowage.stop()).toBe(0);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(stowage.dataDir);
  });
});
