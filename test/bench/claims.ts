/** Volumes and claims in numbers, and the wait until they are bound. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Api, timed, type WatchLine, watchFrom } from './api.ts';
import { connections, must, perSecond } from './scenario.ts';

export const claimsPath = '/api/v1/namespaces/default/persistentvolumeclaims';
const volumesPath = '/api/v1/persistentvolumes';

/** Objects of one batch have a class of their own, so that no claim takes a volume of another batch. */
function specOf(batch: string) {
  return { accessModes: ['ReadWriteOnce'], storageClassName: batch };
}

/** `sourceOf` tells what kind of volume each is. */
export async function createVolumes(
  api: Api,
  batch: string,
  count: number,
  sourceOf: (index: number) => object = () => ({ hostPath: { path: '/tmp' } }),
): Promise<void> {
  await timed(count, connections, async (index) => {
    const metadata = { name: `${batch}-${index}` };
    const spec = { ...specOf(batch), capacity: { storage: '1Gi' }, ...sourceOf(index) };
    await must(api.call('POST', volumesPath, { apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec }));
  });
}

export async function createClaims(api: Api, batch: string, count: number): Promise<void> {
  const spec = { ...specOf(batch), resources: { requests: { storage: '1Gi' } } };
  await timed(count, connections, async (index) => {
    const metadata = { name: `${batch}-${index}` };
    await must(api.call('POST', claimsPath, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec }));
  });
}

/** The revision that the claims are at. */
export async function claimsRevision(api: Api): Promise<string> {
  return JSON.parse(await must(api.call('GET', `${claimsPath}?limit=1`))).metadata.resourceVersion;
}

interface BindingObserver {
  /** The watch is open: a server keeps the events of a moment only for those who come late. */
  readonly onOpen?: () => void;
  readonly onBound?: () => void;
}

/** Waits for so many claims of the batch to be Bound, from a revision on. */
export function untilBound(
  api: Api,
  batch: string,
  count: number,
  revision: string,
  { onOpen, onBound }: BindingObserver = {},
): Promise<void> {
  const names = new Set<string>();
  const onEvent = ({ object }: WatchLine) => {
    if (object.status?.phase !== 'Bound' || !object.metadata.name.startsWith(`${batch}-`)) return false;
    names.add(object.metadata.name);
    onBound?.();
    return names.size === count;
  };
  return watchFrom(api, claimsPath, revision, onEvent, onOpen);
}

/** Claims per second from the first that is bound to the last, so that neither a start nor any creation counts. */
export async function bindingRate(api: Api, batch: string, count: number, revision: string): Promise<number> {
  let first = 0;
  const onBound = () => {
    first ||= performance.now();
  };
  for (;;) {
    try {
      await untilBound(api, batch, count, revision, { onBound });
      return perSecond(count, (performance.now() - first) / 1000);
    } catch (thrown) {
      // The server is still starting.
      if (first) throw thrown;
      await delay(5);
    }
  }
}

/** Binds claims to as many volumes that exist before; the creation of the claims counts. Seconds. */
export async function bindClaims(api: Api, batch: string, count: number): Promise<number> {
  await createVolumes(api, batch, count);
  const opened = Promise.withResolvers<void>();
  const bound = untilBound(api, batch, count, await claimsRevision(api), { onOpen: opened.resolve });
  await Promise.race([opened.promise, bound]);
  const start = performance.now();
  await createClaims(api, batch, count);
  await bound;
  return (performance.now() - start) / 1000;
}
