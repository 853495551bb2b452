/**
 * Runs one case: objects in, the controller starts in virtual time against the real API, objects and events out. Every
 * end state must last: ten minutes later, after retries, the pictures are the same and nothing has been written.
 */
import { expect, it } from 'vitest';
import { type SnapshotControllerSettings, snapshotControllerName } from '../../../src/controllers/index.ts';
import { type Fault, FaultyClient } from '../persistent-volume/faults.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { type Given, World } from './world.ts';

export interface Case extends Given {
  readonly title: string;
  readonly settings?: Partial<SnapshotControllerSettings>;
  readonly faults?: readonly Fault[];
  /** What happens once the controller has settled. */
  readonly later?: (world: World) => Promise<void>;
  /** The pictures of all snapshots, then of contents, then of claims, each by name. */
  readonly out: readonly string[];
  /** `name type reason message`, in order. None by default. */
  readonly events?: readonly string[];
  readonly check?: (world: World) => Promise<void> | void;
  /** Virtual time until everything has been retried that had to be. */
  readonly settleMs?: number;
}

export async function runCase(given: Case): Promise<void> {
  await using plane = await ControlPlane.start();
  const world = new World(plane);
  await world.createAll(given);
  const faulty = new FaultyClient(plane.clientOf(snapshotControllerName), given.faults ?? []);
  await world.start(given.settings, faulty.client);
  await given.later?.(world);
  await plane.clock.advance(given.settleMs ?? 100);
  expect(await world.pictures()).toEqual(given.out);
  expect(await world.events()).toEqual(given.events ?? []);
  expect(faulty.unmet).toEqual([]);
  await given.check?.(world);
  const revision = await world.revision();
  await plane.clock.advance(600_000);
  expect(await world.pictures()).toEqual(given.out);
  expect(await world.revision()).toBe(revision);
}

export function runTable(cases: readonly Case[]): void {
  for (const given of cases) it(given.title, () => runCase(given));
}
