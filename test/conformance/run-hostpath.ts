/** The hostpath driver as a process of its own, for tests. Takes the driver's flags; says `serving` when it does. */
import { Command } from 'commander';
import { messageOf } from '../../src/base/index.ts';
import { addHostpathFlags, readHostpathFlags, runHostpathDriver } from '../../src/drivers/index.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
try {
  const command = addHostpathFlags(new Command('hostpath')).parse();
  await runHostpathDriver(readHostpathFlags(command, 'test'), stop.signal, () => process.stdout.write('serving\n'));
} catch (thrown) {
  process.stderr.write(`${messageOf(thrown)}\n`);
  process.exitCode = 2;
}
