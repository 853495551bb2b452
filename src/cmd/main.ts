#!/usr/bin/env node
/** The command line. Each command loads its own code, so that none pays for the others. */
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';
import { messageOf, UsageError } from '../base/index.ts';
import { addDriverCommands } from './driver.ts';
import { addUpCommand } from './up.ts';

enableCompileCache();
const program = new Command('stowage')
  .description('The Kubernetes storage system as one program')
  .version(process.env['npm_package_version'] ?? '0.1.0')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });
addUpCommand(program);
addDriverCommands(program);

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`stowage: ${messageOf(thrown)}\n`);
    process.exitCode = thrown instanceof UsageError ? 2 : 1;
  }
}
