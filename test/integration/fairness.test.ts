/** A thousand objects that fail hold up a healthy one in no controller and no sidecar. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/index.ts';
import { CsiError } from '../../src/csi/index.ts';
import type { CsiDriver } from '../../src/sidecars/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import type { ControllerCase } from './support/controller-cases/controller-case.ts';
import { failingClient } from './support/controller-cases/failing-client.ts';
import { controllerCases } from './support/controller-cases/index.ts';
import { sidecarCasesWith } from './support/controller-cases/volume-cases.ts';
import { startOn } from './support/controllers.ts';
import { Code, FakeDriver } from './support/fake-driver.ts';

/** What a claim or a pod may take at most, from the table of liveness, where a controller has no longer time of its own. */
const deadlineMs = 30_000;
/** A thousand objects are some work on a busy machine. */
const testTimeout = { timeout: 60_000 };
const longestMs = 5 * 60_000;
const failing = 1000;
/** Of an API server, and of a driver, that are slow to refuse. */
const failureMs = 200;

interface Counter {
  count: number;
  readonly stop: AbortController;
}

/** How long the healthy object takes beside this many that fail, each for a while when it is created. */
async function timeOf(name: string, given: ControllerCase, others: number, refusals?: Counter): Promise<number> {
  const { start, setUp, isDone } = given;
  await using plane = await ControlPlane.start();
  const { stop } = refusals ?? { stop: new AbortController() };
  using stopped = new DisposableStack();
  stopped.defer(() => stop.abort());
  const latency = { clock: plane.clock, ms: failureMs, signal: stop.signal };
  const { client, failures } = failingClient(plane.clientOf(name), latency);
  failures.isOver = refusals !== undefined;
  await startOn(plane, 'c', start, client);
  for (let index = 0; index < others; index++) await setUp(plane, `bad-${index}`);
  // The first tries of some, while the others wait.
  await plane.clock.advance(100);
  const begunMs = plane.clock.now();
  await setUp(plane, 'good');
  await plane.clock.until(() => isDone(plane, 'good'), longestMs, 'the healthy object done');
  const tookMs = plane.clock.now() - begunMs;
  // They do fail.
  await plane.clock.until(async () => (refusals ?? failures).count >= others, longestMs, 'as many failures');
  return tookMs;
}

/** A driver that refuses what is called bad, each time after a while. */
function refusingDriver(clock: Clock, refusals: Counter): CsiDriver {
  const { driver } = new FakeDriver(clock);
  const refuse = async (isBad: boolean) => {
    if (!isBad) return;
    refusals.count++;
    await clock.sleep(failureMs, refusals.stop.signal).catch(() => {});
    throw new CsiError(Code.INTERNAL, 'ordered by the test');
  };
  const { controller } = driver;
  return {
    ...driver,
    controller: {
      ...controller,
      createVolume: async (request, options) => {
        await refuse(request.parameters?.isBad === 'true');
        return await controller.createVolume(request, options);
      },
      controllerPublishVolume: async (request, options) => {
        await refuse(request.volumeId?.includes('bad') ?? false);
        return await controller.controllerPublishVolume(request, options);
      },
      controllerExpandVolume: async (request, options) => {
        await refuse(request.volumeId?.includes('bad') ?? false);
        return await controller.controllerExpandVolume(request, options);
      },
      createSnapshot: async (request, options) => {
        await refuse(request.sourceVolumeId?.includes('bad') ?? false);
        return await controller.createSnapshot(request, options);
      },
    },
  };
}

describe('[rel-L14] a thousand objects that fail', () => {
  it.each(Object.entries(controllerCases))('do not hold up a healthy one in %s', testTimeout, async (name, given) => {
    const aloneMs = await timeOf(name, given, 0);
    const amongThemMs = await timeOf(name, given, failing);
    expect(amongThemMs).toBeLessThanOrEqual(2 * Math.max(deadlineMs, aloneMs));
  });

  const roles = Object.keys(sidecarCasesWith((clock) => new FakeDriver(clock).driver));
  it.each(roles)('at the driver do not hold up a healthy one in %s', testTimeout, async (role) => {
    const refusals = { count: 0, stop: new AbortController() };
    const given = sidecarCasesWith((clock) => refusingDriver(clock, refusals))[role];
    expect(given).toBeDefined();
    if (given) expect(await timeOf(role, given, failing, refusals)).toBeLessThanOrEqual(2 * deadlineMs);
  });
});
