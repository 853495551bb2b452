/** One object whose every write fails holds up nobody else, is not tried without pause, and is made good in the end. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlPlane } from './support/control-plane.ts';
import { failingClient } from './support/controller-cases/failing-client.ts';
import { controllerCases } from './support/controller-cases/index.ts';
import { startOn } from './support/controllers.ts';

/** With a pause that doubles, ten minutes hold this many tries of a few writes each; the scheduler's ends at 10 s. */
const mostFailures = 300;

describe('[rel-L15] a bad object', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await ControlPlane.start();
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  it.each(Object.entries(controllerCases))('does not hold up %s', async (name, { start, setUp, isDone }) => {
    const { client, failures } = failingClient(plane.clientOf(name));
    await startOn(plane, 'c', start, client);
    for (const object of ['bad', 'good', 'also-bad', 'also-good']) await setUp(plane, object);
    await plane.clock.advance(10 * 60_000);
    expect([await isDone(plane, 'good'), await isDone(plane, 'also-good')]).toEqual([true, true]);
    expect([await isDone(plane, 'bad'), await isDone(plane, 'also-bad')]).toEqual([false, false]);
    expect(failures.count).toBeGreaterThan(2);
    expect(failures.count).toBeLessThan(mostFailures);
    failures.isOver = true;
    await plane.clock.advance(20 * 60_000);
    expect([await isDone(plane, 'bad'), await isDone(plane, 'also-bad')]).toEqual([true, true]);
  });
});
