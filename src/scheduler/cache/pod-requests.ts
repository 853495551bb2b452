/** What a pod asks of its node. Upstream: component-helpers/resource PodRequests. */
import type { Container, ContainerStatus, Pod } from '../../api/index.ts';
import { amountOf, Resource } from './resource.ts';

/** What a container without requests is taken to use when nodes are compared. Upstream: DefaultMilliCPURequest. */
const assumedMilliCpu = 100;
/** Upstream: DefaultMemoryRequest, 200 MiB. */
const assumedMemoryBytes = 200 * 1024 * 1024;

/** Only of these may a request be made for the whole pod. Upstream: IsSupportedPodLevelResource. */
function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

/** What a container of this pod without a request of its own is counted with. */
interface Assumed {
  readonly milliCpu: number;
  readonly memoryBytes: number;
}

const nothingAssumed: Assumed = { milliCpu: 0, memoryBytes: 0 };

function containerRequests(container: Container, status: ContainerStatus | undefined, assumed: Assumed): Resource {
  const requests = container.resources?.requests;
  const amounts = Resource.of(requests);
  // A container that is being resized holds the larger of what it has and what it asks for.
  if (status?.resources?.requests) amounts.max(Resource.of(status.resources.requests));
  if (status?.allocatedResources) amounts.max(Resource.of(status.allocatedResources));
  if (assumed.milliCpu > 0 && requests?.cpu === undefined) amounts.milliCpu ||= assumed.milliCpu;
  if (assumed.memoryBytes > 0 && requests?.memory === undefined) amounts.memoryBytes ||= assumed.memoryBytes;
  return amounts;
}

function sumOfContainers(pod: Pod, assumed: Assumed): Resource {
  const { spec, status } = pod;
  const statusOf = (name: string) =>
    status?.containerStatuses?.find((one) => one.name === name) ??
    status?.initContainerStatuses?.find((one) => one.name === name);
  const total = new Resource();
  for (const container of spec.containers) total.add(containerRequests(container, statusOf(container.name), assumed));
  if (!spec.initContainers) return total;
  const sidecars = new Resource();
  const largest = new Resource();
  for (const init of spec.initContainers) {
    const own = containerRequests(init, statusOf(init.name), assumed);
    if (init.restartPolicy === 'Always') {
      sidecars.add(own);
      largest.max(sidecars);
    } else largest.max(own.add(sidecars));
  }
  return total.add(sidecars).max(largest);
}

/** The sum over the containers and sidecars, or an init container where that is more; then overhead. */
export function podRequests(pod: Pod): Resource {
  return requestsWith(pod, nothingAssumed);
}

/** The same, with a small amount of CPU and memory for each container that asks for none: for comparing nodes. */
export function podNonZeroRequests(pod: Pod): Resource {
  const ofPod = pod.spec.resources?.requests;
  return requestsWith(pod, {
    milliCpu: ofPod?.cpu === undefined ? assumedMilliCpu : 0,
    memoryBytes: ofPod?.memory === undefined ? assumedMemoryBytes : 0,
  });
}

function requestsWith(pod: Pod, assumed: Assumed): Resource {
  const total = sumOfContainers(pod, assumed);
  for (const [name, quantity] of Object.entries(pod.spec.resources?.requests ?? {})) {
    if (isPodLevelResource(name)) total.setAmount(name, amountOf(name, quantity));
  }
  return total.addQuantities(pod.spec.overhead);
}
