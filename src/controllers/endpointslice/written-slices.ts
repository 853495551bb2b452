/**
 * The slices of each service as this process last wrote them. Their names are made by the server, so a cache that is a
 * write behind would make the controller write a slice twice. Upstream: EndpointSliceTracker.
 */
import { type EndpointSlice, keyOf } from '../../api/index.ts';

export class WrittenSlices {
  /** By service: the generation of each slice written, by uid; Infinity for one deleted. */
  readonly #written = new Map<string, Map<string, number>>();

  record(service: string, slice: EndpointSlice): void {
    this.#set(service, slice.metadata.uid, slice.metadata.generation ?? 1);
  }

  recordDeletion(service: string, slice: EndpointSlice): void {
    this.#set(service, slice.metadata.uid, Number.POSITIVE_INFINITY);
  }

  /** Whether the cache shows all that was written; what it has caught up with is no longer waited for. */
  isSeen(service: string, cached: readonly EndpointSlice[]): boolean {
    const written = this.#written.get(service);
    if (!written) return true;
    const shown = new Map(cached.map(({ metadata }) => [metadata.uid, metadata.generation ?? 1]));
    for (const [uid, generation] of written) {
      const now = shown.get(uid);
      const isGone = generation === Number.POSITIVE_INFINITY;
      if (isGone ? now !== undefined : now === undefined || now < generation) return false;
    }
    this.#written.delete(service);
    return true;
  }

  /** A slice went: what was written of it is not to be waited for. */
  observeDeletion(service: string, slice: EndpointSlice): void {
    this.#written.get(service)?.delete(slice.metadata.uid);
  }

  forget(service: string): void {
    this.#written.delete(service);
  }

  #set(service: string, uid: string, generation: number): void {
    const written = this.#written.get(service) ?? new Map<string, number>();
    this.#written.set(service, written.set(uid, generation));
  }
}

export const labelServiceName = 'kubernetes.io/service-name';

/** The key of the service that the slice is of. */
export function serviceKeyOf({ metadata }: EndpointSlice): string | undefined {
  const name = metadata.labels?.[labelServiceName];
  return name === undefined ? undefined : keyOf({ metadata: { namespace: metadata.namespace, name } } as never);
}
