/** Brings the Endpoints of one service to what its pods are. Upstream: endpoints_controller.go syncService. */
import {
  type Endpoints,
  endpoints,
  isAlreadyExists,
  isConflict,
  isEqual,
  type Service,
  splitKey,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import {
  type Client,
  done,
  type EventRecorder,
  type Informer,
  ifFound,
  type ReconcileResult,
} from '../../client/index.ts';
import { isNamespaceTerminating } from '../common/pod-control.ts';
import {
  annLastChangeTriggerTime,
  hasNoClusterIp,
  isSelfManaged,
  labelHeadless,
  type ServicePods,
  servicePods,
  type TriggerTimes,
} from '../common/service-pods.ts';
import { subsetsOf, truncated } from './subsets.ts';

const labelManagedBy = 'endpoints.kubernetes.io/managed-by';
const annOverCapacity = 'endpoints.kubernetes.io/over-capacity';

export interface EndpointsContext extends ServicePods {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly endpoints: Informer<Endpoints>;
  readonly triggerTimes: TriggerTimes;
}

export async function syncEndpoints(
  context: EndpointsContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const service = context.services.get(key);
  if (!service) {
    context.triggerTimes.forget(key);
    if (context.endpoints.get(key)) await ifFound(context.client.delete(endpoints, splitKey(key), { signal }));
    return done;
  }
  if (isSelfManaged(service)) return done;
  const pods = servicePods(context, service);
  const current = context.endpoints.get(key);
  const triggeredAt = context.triggerTimes.next(service, pods);
  const desired = desiredEndpoints(service, current, truncated(subsetsOf(service, pods)));
  if (current && isCurrent(current, desired)) return done;
  try {
    await write(context, current, withTriggerTime(desired, triggeredAt), signal);
  } catch (thrown) {
    // A namespace that is going away takes nothing new, and needs nothing.
    if (isNamespaceTerminating(thrown)) return done;
    // A cache that is a write behind mends itself at the next attempt.
    const isBehind = isConflict(thrown) || isAlreadyExists(thrown);
    if (!signal.aborted && !isBehind) report(context.recorder, current ?? service, current !== undefined, thrown);
    throw thrown;
  }
  return done;
}

type Desired = Pick<Endpoints, 'subsets'> & { readonly metadata: Endpoints['metadata'] };

function desiredEndpoints(
  service: Service,
  current: Endpoints | undefined,
  { subsets, isTruncated }: ReturnType<typeof truncated>,
): Desired {
  const { namespace, name } = service.metadata;
  const { [annOverCapacity]: _over, ...annotations } = current?.metadata.annotations ?? {};
  const labels = {
    ...service.metadata.labels,
    [labelManagedBy]: 'endpoint-controller',
    ...(hasNoClusterIp(service) && { [labelHeadless]: '' }),
  };
  const metadata = {
    ...(current?.metadata ?? { namespace, name }),
    labels,
    annotations: { ...annotations, ...(isTruncated && { [annOverCapacity]: 'truncated' }) },
  };
  return { metadata: metadata as Endpoints['metadata'], subsets: [...subsets] };
}

function isCurrent(current: Endpoints, desired: Desired): boolean {
  return (
    isEqual(current.subsets ?? [], desired.subsets ?? []) &&
    isEqual(current.metadata.labels ?? {}, desired.metadata.labels ?? {}) &&
    current.metadata.annotations?.[annOverCapacity] === desired.metadata.annotations?.[annOverCapacity]
  );
}

function withTriggerTime(desired: Desired, time: string | undefined): Desired {
  const { [annLastChangeTriggerTime]: _before, ...annotations } = desired.metadata.annotations ?? {};
  const stamped = time === undefined ? annotations : { ...annotations, [annLastChangeTriggerTime]: time };
  return { ...desired, metadata: { ...desired.metadata, annotations: stamped } };
}

async function write(
  { client }: EndpointsContext,
  current: Endpoints | undefined,
  desired: Desired,
  signal: AbortSignal,
): Promise<void> {
  if (current) await client.update(endpoints, { ...current, ...desired }, { signal });
  else await client.create(endpoints, desired, { signal });
}

function report(recorder: EventRecorder, about: Endpoints | Service, existed: boolean, thrown: unknown): void {
  const { namespace, name } = about.metadata;
  if (existed) {
    const message = `Failed to update endpoint ${namespace}/${name}: ${messageOf(thrown)}`;
    recorder.event(about, 'Warning', 'FailedToUpdateEndpoint', message);
  } else {
    const message = `Failed to create endpoint for service ${namespace}/${name}: ${messageOf(thrown)}`;
    recorder.event(about, 'Warning', 'FailedToCreateEndpoint', message);
  }
}
