#!/usr/bin/env node
/** The command line. Each command loads its own code, so that none pays for the others. */
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';
import { messageOf, UsageError } from '../base/index.ts';
import { addRoleCommands, withDashes } from './roles.ts';
import { addUpCommand } from './up.ts';

enableCompileCache();
const version = '0.1.0';
const program = new Command('stowage')
  .description('The Kubernetes storage system as one program')
  .version(version)
  .exitOverride();
addUpCommand(program);
await addRoleCommands(program);
const driver = program.command('driver').description('run one of the bundled CSI drivers');
if (process.argv[2] === 'driver') {
  const { addHostpathCommand } = await import('./driver.ts');
  addHostpathCommand(driver, version, untilSignalled);
}

/** Aborts with SIGINT or SIGTERM. */
function untilSignalled(): AbortSignal {
  const stop = new AbortController();
  process.on('SIGINT', () => stop.abort());
  process.on('SIGTERM', () => stop.abort());
  return stop.signal;
}

try {
  await program.parseAsync(process.argv.map((argument, index) => (index < 3 ? argument : withDashes(argument))));
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`stowage: ${messageOf(thrown)}\n`);
    process.exitCode = thrown instanceof UsageError ? 2 : 1;
  }
}
