import { type Clock, type Fs, messageOf } from '../base/index.ts';
import { TransportError } from './http-status.ts';

/** The kubelet renews a token in its file; who holds it must look again. Upstream looks once a minute, too. */
const rereadMs = 60_000;

/** A token that is read from its file, at most once a minute. While the file cannot be read the last token serves. */
export function fileToken(fs: Fs, clock: Clock, path: string): () => Promise<string> {
  let known: { readonly token: string; readonly readAtMs: number } | undefined;
  return async () => {
    if (known && clock.monotonic() - known.readAtMs < rereadMs) return known.token;
    try {
      const token = (await fs.readFile(path, 'utf8')).trim();
      if (token === '') throw new TransportError('it is empty');
      known = { token, readAtMs: clock.monotonic() };
    } catch (cause) {
      if (!known) throw new TransportError(`cannot read the token file ${path}: ${messageOf(cause)}`, { cause });
    }
    return known.token;
  };
}
