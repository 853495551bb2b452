import { expect, test } from 'vitest';
import { realClock, realRandom, VirtualClock } from '../../base/index.ts';
import { lockStateDirectory } from './state-lock.ts';

test('keeps a second driver off the state directory', async () => {
  const directory = `/state/${realRandom.uuid()}`;
  const first = await lockStateDirectory(realClock, directory);
  await using _other = await lockStateDirectory(realClock, `${directory}-2`);
  const clock = new VirtualClock();
  const refused = expect(lockStateDirectory(clock, directory)).rejects.toThrow(
    `${directory} is in use by another hostpath driver`,
  );
  await clock.until(async () => clock.monotonic() >= 5_000);
  await clock.advance(100);
  await refused;
  await first[Symbol.asyncDispose]();
  await using _again = await lockStateDirectory(realClock, directory);
});

test('takes over from a driver that ends while it waits', async () => {
  const directory = `/state/${realRandom.uuid()}`;
  const first = await lockStateDirectory(realClock, directory);
  const waiting = lockStateDirectory(realClock, directory);
  await first[Symbol.asyncDispose]();
  await using _second = await waiting;
});
