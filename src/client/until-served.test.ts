import { expect, it } from 'vitest';
import {
  ApiStatusError,
  type KubernetesObject,
  type ResourceType,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../api/index.ts';
import { isAbort, type LogFields, type Logger, silentLogger, VirtualClock } from '../base/index.ts';
import type { Client } from './client.ts';
import { untilServed } from './until-served.ts';

const kinds: readonly ResourceType[] = [volumeSnapshots, volumeSnapshotContents];

function make() {
  const clock = new VirtualClock();
  const served = new Set<string>();
  const looks: number[] = [];
  const told: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (_message: string, fields?: LogFields) => told.push(String(fields?.resource)),
  };
  const list = async <T extends KubernetesObject>(type: ResourceType<T>) => {
    if (type.kind === 'VolumeSnapshot') looks.push(clock.monotonic());
    if (!served.has(type.kind)) throw ApiStatusError.of('NotFound', 'the server could not find the requested resource');
    return { apiVersion: 'v1', kind: 'List', metadata: {}, resourceVersion: '1', items: [] as readonly T[] };
  };
  const stop = new AbortController();
  const client = { list } as unknown as Pick<Client, 'list'>;
  const run = () => untilServed(client, kinds, { clock, logger, signal: stop.signal, maxMs: 30_000 });
  return { clock, served, looks, told, stop, run };
}

it('waits for kinds that are not there yet, at most the given time between looks, and tells once of each', async () => {
  const { clock, served, looks, told, run } = make();
  const waiting = run();
  await clock.advance(600_000);
  expect(told).toEqual(['volumesnapshots.snapshot.storage.k8s.io']);
  const waits = looks.slice(1).map((at, index) => Math.round(at - (looks[index] ?? 0)));
  expect(waits.slice(0, 4)).toEqual([100, 150, 225, 338]);
  expect(Math.max(...waits)).toBe(30_000);
  served.add('VolumeSnapshot');
  await clock.advance(30_000);
  expect(told).toEqual(['volumesnapshots.snapshot.storage.k8s.io', 'volumesnapshotcontents.snapshot.storage.k8s.io']);
  served.add('VolumeSnapshotContent');
  await clock.advance(30_000);
  await waiting;
});

it('ends with the signal', async () => {
  const { clock, stop, run } = make();
  const waiting = run().catch((thrown: unknown) => isAbort(thrown));
  await clock.advance(1_000);
  stop.abort();
  await clock.advance(0);
  expect(await waiting).toBe(true);
});
