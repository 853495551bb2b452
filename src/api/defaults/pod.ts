import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  Lifecycle,
  LifecycleHandler,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from '../gen/core.v1.gen.ts';
import { change, changeEach, fill } from './fill.ts';
import { defaultPullPolicy } from './image.ts';
import { defaultVolume } from './volumes.ts';

const defaultGracePeriodSeconds = 30;

function defaultHttpGet<T extends LifecycleHandler>(handler: T): T {
  return change<LifecycleHandler, 'httpGet'>(handler, 'httpGet', (get) =>
    fill(get, { path: '/', scheme: 'HTTP' }),
  ) as T;
}

function defaultProbe(probe: Probe): Probe {
  const timed = fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  const result = change(timed, 'httpGet', (get) => fill(get, { path: '/', scheme: 'HTTP' }));
  return change(result, 'grpc', (grpc) => fill(grpc, { service: '' }));
}

function defaultLifecycle(lifecycle: Lifecycle): Lifecycle {
  return change(change(lifecycle, 'postStart', defaultHttpGet), 'preStop', defaultHttpGet);
}

type AnyContainer = Container | EphemeralContainer;

function defaultContainer<T extends AnyContainer>(container: T): T {
  let result: AnyContainer = fill<AnyContainer>(container, {
    imagePullPolicy: defaultPullPolicy(container.image ?? ''),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: {},
  });
  result = changeEach(result, 'ports', (port: ContainerPort) => fill(port, { protocol: 'TCP' }));
  result = change(result, 'livenessProbe', defaultProbe);
  result = change(result, 'readinessProbe', defaultProbe);
  result = change(result, 'startupProbe', defaultProbe);
  result = change(result, 'lifecycle', defaultLifecycle);
  return changeEach(result, 'env', (variable: NonNullable<Container['env']>[number]) =>
    change(variable, 'valueFrom', (source) =>
      change(
        change(source, 'fieldRef', (fieldRef) => fill(fieldRef, { apiVersion: 'v1' })),
        'fileKeyRef',
        (fileRef) => fill(fileRef, { optional: false }),
      ),
    ),
  ) as T;
}

/** A limit without a request requests the limit. */
function defaultRequests(resources: ResourceRequirements): ResourceRequirements {
  const { limits, requests } = resources;
  if (!limits || Object.keys(limits).every((name) => requests?.[name] !== undefined)) return resources;
  return { ...resources, requests: { ...limits, ...requests } };
}

function withRequests(container: Container): Container {
  return change(container, 'resources', defaultRequests);
}

/** On the host's network a container port is a host port. */
function withHostPorts(container: Container): Container {
  return changeEach(container, 'ports', (port: ContainerPort) =>
    port.hostPort ? port : { ...port, hostPort: port.containerPort },
  );
}

function changeContainers(spec: PodSpec, replace: (container: Container) => Container): PodSpec {
  return changeEach(changeEach(spec, 'containers', replace), 'initContainers', replace);
}

/** The older field serviceAccount says the same as serviceAccountName. */
function withAccountAlias(spec: PodSpec): PodSpec {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name || (spec.serviceAccount === name && spec.serviceAccountName === name)) return spec;
  return { ...spec, serviceAccount: name, serviceAccountName: name };
}

export function defaultPodSpec(spec: PodSpec): PodSpec {
  let result = fill(spec, {
    containers: [],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    securityContext: {},
    terminationGracePeriodSeconds: defaultGracePeriodSeconds,
    schedulerName: 'default-scheduler',
  });
  result = changeContainers(withAccountAlias(result), defaultContainer);
  result = changeEach(result, 'ephemeralContainers', (container: EphemeralContainer) => defaultContainer(container));
  result = changeEach(result, 'volumes', defaultVolume);
  return result.hostNetwork ? changeContainers(result, withHostPorts) : result;
}

export function defaultPodTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return fill(change(template, 'spec', defaultPodSpec), { metadata: {} as NonNullable<PodTemplateSpec['metadata']> });
}

export function defaultPod(pod: Pod): Pod {
  const spec = defaultPodSpec(fill(pod.spec, { enableServiceLinks: true }));
  return { ...pod, spec: changeContainers(spec, withRequests), status: fill(pod.status ?? {}, { phase: 'Pending' }) };
}
