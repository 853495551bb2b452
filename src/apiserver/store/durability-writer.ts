/**
 * The program that the durability test kills: writes without pause to a store and prints a line for each write after it
 * was acknowledged. `node durability-writer.ts DIRECTORY ROUND`
 */
import { argv, stdout } from 'node:process';
import { realClock, silentLogger } from '../../base/index.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { configMap } from './store-contract-objects.ts';

const [, , directory = '', round = ''] = argv;
const writers = 16;
const store = await openSqliteStore({
  clock: realClock,
  logger: silentLogger,
  directory,
  // Compaction runs all the time, so that it is interrupted too.
  historyLimits: { events: 50, bytes: 1e9, ageMs: 1e9 },
});

async function write(writer: number): Promise<never> {
  const key = `configmaps/a/w${writer}`;
  for (let count = 0; ; count++) {
    const expectedRevision = (await store.get(key))?.revision ?? 0;
    const deletes = expectedRevision > 0 && count % 7 === 3;
    const value = `${round}-${count}`;
    const object = deletes ? undefined : configMap(`w${writer}`, value);
    const revision = await store.write({ key, expectedRevision, object });
    // Into a pipe, this is synchronous.
    stdout.write(`${key} ${revision} ${deletes ? 'deleted' : value}\n`);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
