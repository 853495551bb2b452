/** The addresses of a service's pods, grouped by the ports they serve. Pure. Upstream: endpoints_controller.go, endpoints/util.go. */
import type { EndpointAddress, EndpointSubset, Pod, Service } from '../../api/index.ts';
import { isPodReady } from '../../component-helpers/index.ts';
import {
  type AddressFamily,
  belongsInEndpoints,
  hostnameIn,
  podAddresses,
  podPortOf,
  podReference,
} from '../common/service-pods.ts';

type CorePort = NonNullable<EndpointSubset['ports']>[number];

interface Reached {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const family = (service.spec?.ipFamilies?.[0] ?? 'IPv4') as AddressFamily;
  const [ip] = podAddresses(pod, family);
  if (ip === undefined) return undefined;
  const hostname = hostnameIn(service, pod);
  const { nodeName } = pod.spec;
  return {
    ip,
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    targetRef: podReference(pod),
  };
}

function portsOf(service: Service, pod: Pod): readonly CorePort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = podPortOf(pod, port);
    if (number === undefined) return [];
    const { name, protocol, appProtocol } = port;
    return [
      {
        ...(name ? { name } : {}),
        port: number,
        protocol: protocol ?? 'TCP',
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ];
  });
}

const portKey = ({ name, port, protocol }: CorePort) => `${name ?? ''}/${port}/${protocol ?? ''}`;
const addressKey = ({ ip, targetRef }: EndpointAddress) => `${ip}/${targetRef?.uid ?? ''}`;

/** Subsets with the same addresses are one with all their ports; a headless service may do without ports. */
export function subsetsOf(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const publishNotReady = service.spec?.publishNotReadyAddresses === true;
  const portless = (service.spec?.ports ?? []).length === 0 && service.spec?.clusterIP === 'None';
  const byPort = new Map<string, { readonly port: CorePort | undefined; readonly reached: Reached[] }>();
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, publishNotReady)) continue;
    const address = addressOf(service, pod);
    if (!address) continue;
    const reached = { address, ready: publishNotReady || isPodReady(pod) };
    for (const port of portless ? [undefined] : portsOf(service, pod)) {
      const key = port ? portKey(port) : '';
      const entry = byPort.get(key) ?? { port, reached: [] };
      entry.reached.push(reached);
      byPort.set(key, entry);
    }
  }
  const byAddresses = new Map<string, { readonly ports: CorePort[]; readonly reached: readonly Reached[] }>();
  for (const { port, reached } of byPort.values()) {
    const sorted = [...reached].sort((a, b) => compareText(addressKey(a.address), addressKey(b.address)));
    const key = sorted.map(({ address, ready }) => `${addressKey(address)}/${ready}`).join();
    const entry = byAddresses.get(key) ?? { ports: [], reached: sorted };
    if (port) entry.ports.push(port);
    byAddresses.set(key, entry);
  }
  const entries = [...byAddresses].sort(([a], [b]) => compareText(a, b));
  return entries.map(([, { ports, reached }]) => subset(ports, reached));
}

function subset(ports: readonly CorePort[], reached: readonly Reached[]): EndpointSubset {
  const pick = (wanted: boolean) => reached.filter(({ ready }) => ready === wanted).map(({ address }) => address);
  const addresses = pick(true);
  const notReadyAddresses = pick(false);
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports: [...ports].sort((a, b) => compareText(portKey(a), portKey(b))) }),
  };
}

/** More addresses than this are left out: those that are not ready first. Upstream: maxCapacity. */
const maxAddresses = 1000;

export function truncated(subsets: readonly EndpointSubset[]): {
  readonly subsets: readonly EndpointSubset[];
  readonly isTruncated: boolean;
} {
  const count = (of: (one: EndpointSubset) => readonly unknown[] | undefined) =>
    subsets.reduce((sum, one) => sum + (of(one)?.length ?? 0), 0);
  const ready = count(({ addresses }) => addresses);
  const notReady = count(({ notReadyAddresses }) => notReadyAddresses);
  if (ready + notReady <= maxAddresses) return { subsets, isTruncated: false };
  let readyLeft = Math.min(ready, maxAddresses);
  let notReadyLeft = maxAddresses - readyLeft;
  const kept = subsets.flatMap(({ ports, addresses = [], notReadyAddresses = [] }) => {
    const keptReady = addresses.slice(0, readyLeft);
    const keptNotReady = notReadyAddresses.slice(0, notReadyLeft);
    readyLeft -= keptReady.length;
    notReadyLeft -= keptNotReady.length;
    if (keptReady.length + keptNotReady.length === 0) return [];
    return [
      {
        ...(keptReady.length > 0 && { addresses: keptReady }),
        ...(keptNotReady.length > 0 && { notReadyAddresses: keptNotReady }),
        ...(ports && { ports }),
      },
    ];
  });
  return { subsets: kept, isTruncated: true };
}
