/**
 * Finds what a path of a container means below its root directory, following links as the container itself would:
 * never out of the root. The directory is a lower layer that nobody writes to while containers are put together.
 */
import { join } from 'node:path';
import { errnoOf, type Fs } from '../../../base/index.ts';
import { ContainerRuntimeError } from '../runtime.ts';

/** The kernel's own limit. */
const linkLimit = 40;

export interface ResolvedPath {
  /** Absolute within the root and free of links. */
  readonly path: string;
  readonly exists: boolean;
}

export async function resolveInRoot(fs: Pick<Fs, 'readlink'>, root: string, path: string): Promise<ResolvedPath> {
  const pending = path.split('/');
  let resolved = '/';
  let exists = true;
  let links = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '' || name === '.') continue;
    const next = name === '..' ? join(resolved, '..') : join(resolved, name);
    const target = exists && name !== '..' ? await readLink(fs, join(root, next)) : undefined;
    if (target?.kind === 'missing') exists = false;
    if (target?.kind !== 'link') {
      resolved = next;
      continue;
    }
    if (++links > linkLimit) throw new ContainerRuntimeError('CreateFailed', `${path} has too many symbolic links`);
    if (target.text.startsWith('/')) resolved = '/';
    pending.unshift(...target.text.split('/'));
  }
  return { path: resolved, exists };
}

async function readLink(
  fs: Pick<Fs, 'readlink'>,
  path: string,
): Promise<{ kind: 'link'; text: string } | { kind: 'other' } | { kind: 'missing' }> {
  try {
    return { kind: 'link', text: await fs.readlink(path) };
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
    if (code === 'EINVAL') return { kind: 'other' };
    throw thrown;
  }
}
