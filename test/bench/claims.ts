/** Volumes and claims in numbers, and the wait until they are bound. */
import { type Api, timed } from './api.ts';
import { connections, must } from './scenario.ts';

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

/** Waits for so many claims of the batch to be Bound, from a revision on; `onBound` hears of each. */
export function untilBound(
  api: Api,
  batch: string,
  count: number,
  revision: string,
  onBound: () => void = () => {},
): Promise<void> {
  const names = new Set<string>();
  return api.watch(`${claimsPath}?watch=true&resourceVersion=${revision}`, ({ object }) => {
    if (object.status?.phase !== 'Bound' || !object.metadata.name.startsWith(`${batch}-`)) return false;
    names.add(object.metadata.name);
    onBound();
    return names.size === count;
  });
}

/** Binds claims to as many volumes that exist before; the creation of the claims counts. Seconds. */
export async function bindClaims(api: Api, batch: string, count: number): Promise<number> {
  await createVolumes(api, batch, count);
  const bound = untilBound(api, batch, count, await claimsRevision(api));
  const start = performance.now();
  await createClaims(api, batch, count);
  await bound;
  return (performance.now() - start) / 1000;
}
