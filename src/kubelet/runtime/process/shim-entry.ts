/** Where the shim's program lies: beside this file in a checkout, beside the bundle in a build. */
import { join } from 'node:path';
import { exists, type Fs } from '../../../base/index.ts';
import { ContainerRuntimeError } from '../runtime.ts';

export async function findShimEntry(fs: Fs, here = import.meta.dirname): Promise<string> {
  const candidates = [join(here, 'shim-main.ts'), join(here, 'shim.js'), join(here, '..', 'shim.js')];
  for (const path of candidates) if (await exists(fs, path)) return path;
  throw new ContainerRuntimeError('Unavailable', `the program of the container shim is missing beside ${here}`);
}
