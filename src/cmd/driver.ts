import type { Command } from 'commander';
import { addHostpathFlags, readHostpathFlags, runHostpathDriver } from '../drivers/index.ts';

export function addHostpathCommand(driver: Command, version: string, stop: () => AbortSignal): void {
  const hostpath = driver.command('hostpath');
  addHostpathFlags(hostpath).action(async () => {
    await runHostpathDriver(readHostpathFlags(hostpath, version), stop());
  });
}
