import { readFile } from 'node:fs/promises';
import { startControllers } from '../controllers.ts';
import { type RoleFlags, runRole } from './role.ts';

export interface ControllerManagerFlags extends RoleFlags {
  readonly rootCaFile?: string;
}

/** `stowage controller-manager`: every controller, against any API server. */
export function runControllerManager(flags: ControllerManagerFlags): Promise<void> {
  return runRole('kube-controller-manager', flags, async ({ clock, random, logger, informers, client, stack }) => {
    const rootCa = flags.rootCaFile ? await readFile(flags.rootCaFile, 'utf8') : '';
    stack.use(startControllers({ clock, random, logger, informers, client, rootCa }));
    informers.start();
  });
}
