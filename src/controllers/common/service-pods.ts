/** Which pods a service sends its clients to, under which addresses and ports. Upstream: endpointslice/util, pod/util. */
import { isEqual, keyOf, type Pod, type Service, type ServicePort } from '../../api/index.ts';
import type { Informer } from '../../client/index.ts';
import { isPodPhaseTerminal, isPodReady } from '../../component-helpers/index.ts';

export const labelHeadless = 'service.kubernetes.io/headless';
export const annLastChangeTriggerTime = 'endpoints.kubernetes.io/last-change-trigger-time';

const servicesIndex = 'controllers/service-namespace';
const podsIndex = 'controllers/service-pod-namespace';

export interface ServicePods {
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
}

/** Makes `servicePods` and `wakeServices` work on the informers. */
export function addServicePodIndexes({ services, pods }: ServicePods): void {
  services.addIndex(servicesIndex, ({ metadata }) => [metadata.namespace]);
  pods.addIndex(podsIndex, ({ metadata }) => [metadata.namespace]);
}

/** Whether somebody else keeps the service's endpoints: it selects no pods, or is a name only. */
export function isSelfManaged({ spec }: Service): boolean {
  return spec?.type === 'ExternalName' || spec?.selector === undefined;
}

function selects({ spec }: Service, pod: Pod): boolean {
  const { labels } = pod.metadata;
  return Object.entries(spec?.selector ?? {}).every(([key, value]) => labels?.[key] === value);
}

/** The pods that the service selects, in the order of their names. */
export function servicePods({ pods }: Pick<ServicePods, 'pods'>, service: Service): readonly Pod[] {
  const selected = pods.byIndex(podsIndex, service.metadata.namespace).filter((pod) => selects(service, pod));
  return selected.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Whether the pod has an address to be reached under. */
export function belongsInEndpoints(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodPhaseTerminal(pod)) return false;
  if (!pod.status?.podIP && !pod.status?.podIPs?.length) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

export type AddressFamily = 'IPv4' | 'IPv6';

export function familyOf(ip: string): AddressFamily {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}

export function podAddresses({ status }: Pod, family: AddressFamily): readonly string[] {
  const ips = status?.podIPs?.length ? status.podIPs.map(({ ip }) => ip) : [status?.podIP ?? ''];
  return ips.filter((ip) => ip !== '' && familyOf(ip) === family);
}

/** The name that the pod has within a headless service that governs it. */
export function hostnameIn(service: Service, { spec, metadata }: Pod): string | undefined {
  const governed = spec.subdomain === service.metadata.name && metadata.namespace === service.metadata.namespace;
  return spec.hostname && governed ? spec.hostname : undefined;
}

/** The pod's port that a port of a service means; undefined when it has none of that name. */
export function podPortOf(pod: Pod, { targetPort, port, protocol = 'TCP' }: ServicePort): number | undefined {
  if (typeof targetPort !== 'string') return targetPort || port;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const { ports } of [...pod.spec.containers, ...sidecars]) {
    const found = ports?.find((one) => one.name === targetPort && (one.protocol ?? 'TCP') === protocol);
    if (found) return found.containerPort;
  }
  return undefined;
}

/** Whether the service has no address of its own: its clients reach the pods themselves. */
export function hasNoClusterIp({ spec }: Service): boolean {
  return !spec?.clusterIP || spec.clusterIP === 'None';
}

export function podReference({ metadata }: Pod) {
  return { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid };
}

/** What of a pod shows in endpoints. */
function endpointInput(pod: Pod): unknown {
  const { podIP, podIPs } = pod.status ?? {};
  const { nodeName, hostname, subdomain } = pod.spec;
  const isGoing = pod.metadata.deletionTimestamp !== undefined;
  return [podIP, podIPs, nodeName, hostname, subdomain, isGoing, isPodReady(pod), isPodPhaseTerminal(pod)];
}

/** The services that select the pod and whose endpoints are kept for them. */
export function servicesOfPod({ services }: Pick<ServicePods, 'services'>, pod: Pod): readonly Service[] {
  const inNamespace = services.byIndex(servicesIndex, pod.metadata.namespace);
  return inNamespace.filter((service) => !isSelfManaged(service) && selects(service, pod));
}

/** Wakes the services of pods whose place in endpoints changed. */
export function wakeServices(informers: ServicePods, wake: (key: string) => void): Disposable {
  const wakeFor = (pod: Pod) => {
    for (const service of servicesOfPod(informers, pod)) wake(keyOf(service));
  };
  return informers.pods.addHandler({
    onAdd: wakeFor,
    onUpdate: (previous, pod) => {
      if (previous === pod) return;
      const isRelabelled = !isEqual(previous.metadata.labels, pod.metadata.labels);
      if (isRelabelled) wakeFor(previous);
      if (isRelabelled || !isEqual(endpointInput(previous), endpointInput(pod))) wakeFor(pod);
    },
    onDelete: wakeFor,
  });
}

/** When the change of a service or of its pods happened that endpoints are written for. Upstream: TriggerTimeTracker. */
export class TriggerTimes {
  readonly #seen = new Map<string, ReadonlyMap<string, string>>();

  /** The earliest change since the last call, as a timestamp; undefined when nothing of the kind has changed. */
  next(service: Service, pods: readonly Pod[]): string | undefined {
    const key = keyOf(service);
    const before = this.#seen.get(key);
    const now = new Map([['', service.metadata.creationTimestamp]]);
    for (const { metadata, status } of pods) {
      const since = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
      if (since) now.set(metadata.name, since);
    }
    this.#seen.set(key, now);
    const changed = [...now].filter(([name, time]) => time > (before?.get(name) ?? '')).map(([, time]) => time);
    return changed.sort()[0];
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
