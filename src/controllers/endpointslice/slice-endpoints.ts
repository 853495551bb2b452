/** What the slices of a service are to hold: its pods, by the ports they serve. Pure. Upstream: endpointslice/utils.go, reconciler.go. */
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../../api/index.ts';
import { labelZone } from '../../api/index.ts';
import { isPodReady } from '../../component-helpers/index.ts';
import {
  type AddressFamily,
  belongsInEndpoints,
  hostnameIn,
  podAddresses,
  podPortOf,
  podReference,
} from '../common/service-pods.ts';

export type SlicePort = NonNullable<EndpointSlice['ports']>[number];

export interface PortGroup {
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly Endpoint[];
}

export function portsKey(ports: readonly SlicePort[] | undefined): string {
  const texts = (ports ?? []).map(({ name, port, protocol, appProtocol }) =>
    JSON.stringify([name ?? '', port, protocol ?? 'TCP', appProtocol]),
  );
  return texts.sort().join();
}

/** Two endpoints with one key are the same, in whatever condition. */
export function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return JSON.stringify([[...addresses].sort(), hostname, targetRef?.namespace, targetRef?.name]);
}

function portsOf(service: Service, pod: Pod): readonly SlicePort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = podPortOf(pod, servicePort);
    if (port === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function endpointOf(service: Service, pod: Pod, node: Node | undefined, addresses: readonly string[]): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { nodeName } = pod.spec;
  const zone = node?.metadata.labels?.[labelZone];
  const hostname = hostnameIn(service, pod);
  return {
    addresses: [...addresses],
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    targetRef: podReference(pod),
    ...(zone && { zone }),
  };
}

export interface EndpointsInput {
  readonly service: Service;
  readonly pods: readonly Pod[];
  readonly nodeOf: (pod: Pod) => Node | undefined;
}

/** By what `portsKey` makes of their ports. */
export function groupEndpoints(
  { service, pods, nodeOf }: EndpointsInput,
  family: AddressFamily,
): ReadonlyMap<string, PortGroup> {
  const groups = new Map<string, { readonly ports: readonly SlicePort[]; readonly endpoints: Endpoint[] }>();
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, true)) continue;
    const node = nodeOf(pod);
    // A pod whose node is unknown is about to go, unless the user wants it seen whatever its state.
    if (!node && !service.spec?.publishNotReadyAddresses) continue;
    const addresses = podAddresses(pod, family);
    if (addresses.length === 0) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod, node, addresses));
    groups.set(key, group);
  }
  return groups;
}

/** The families that the service's slices are kept for. */
export function familiesOf({ spec }: Service): readonly AddressFamily[] {
  const families = (spec?.ipFamilies ?? []) as readonly AddressFamily[];
  return families.length > 0 ? families : ['IPv4'];
}

export type SliceContent = Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'>;
