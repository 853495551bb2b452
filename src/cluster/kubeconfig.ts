import type { ApiServer } from '../apiserver/index.ts';
import { messageOf, UsageError } from '../base/index.ts';

/** Writes the administrator's kubeconfig. Throws a UsageError where the file cannot be written. */
export async function writeKubeconfig(server: ApiServer, path: string): Promise<void> {
  try {
    await server.writeKubeconfig(path);
  } catch (cause) {
    throw new UsageError(`--kubeconfig: cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
