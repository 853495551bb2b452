/** The programs that scripts/build-kubernetes-libraries.sh has built. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', '..', '.cache', 'kubernetes-libraries');

export function libraryProgram(name: 'client' | 'server' | 'etcd'): string {
  return join(folder, name);
}

/** Why the programs are not there; undefined where they are. */
export function missingLibraries(): string | undefined {
  const reason = join(folder, 'missing');
  if (existsSync(reason)) return readFileSync(reason, 'utf8').trim();
  return existsSync(libraryProgram('client')) ? undefined : 'scripts/build-kubernetes-libraries.sh has not been run';
}
