/** Brings the slices of one service to what its pods are. Upstream: endpointslice_controller.go syncService, reconciler.go. */
import {
  type EndpointSlice,
  endpointSlices,
  isConflict,
  isEqual,
  type Node,
  type Service,
  services,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import {
  type Client,
  done,
  type EventRecorder,
  type Informer,
  ifFound,
  type Lister,
  type ReconcileResult,
} from '../../client/index.ts';
import { controllerReference } from '../common/owners.ts';
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
import { decideSlices, type SliceDecision } from './decide-slices.ts';
import { familiesOf, groupEndpoints } from './slice-endpoints.ts';
import { labelServiceName, type WrittenSlices } from './written-slices.ts';

export const labelManagedBy = 'endpointslice.kubernetes.io/managed-by';
export const slicesManager = 'endpointslice-controller.k8s.io';
export const slicesByService = 'endpointslice/service';

export interface SlicesContext extends ServicePods {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly slices: Informer<EndpointSlice>;
  readonly nodes: Lister<Node>;
  readonly written: WrittenSlices;
  readonly triggerTimes: TriggerTimes;
}

export async function syncService(context: SlicesContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const service = context.services.get(key);
  if (!service) {
    // Its slices go with it: it is their owner.
    context.written.forget(key);
    context.triggerTimes.forget(key);
    return done;
  }
  if (isSelfManaged(service)) return done;
  const existing = context.slices.byIndex(slicesByService, key);
  // The event that brings the cache up to date wakes the service again.
  if (!context.written.isSeen(key, existing)) return done;
  const pods = servicePods(context, service);
  const triggeredAt = context.triggerTimes.next(service, pods);
  const nodeOf = ({ spec }: (typeof pods)[number]) => (spec.nodeName ? context.nodes.get(spec.nodeName) : undefined);
  const families = familiesOf(service);
  const outdated = existing.filter(({ addressType }) => !families.some((family) => family === addressType));
  try {
    for (const family of families) {
      const decision = decideSlices({
        addressType: family,
        existing: existing.filter(({ addressType }) => addressType === family),
        groups: groupEndpoints({ service, pods, nodeOf }, family),
        isLabelled: (slice) => isLabelled(service, slice),
      });
      await apply(context, { key, service, decision, triggeredAt }, signal);
    }
    await apply(context, { key, service, decision: { creates: [], updates: [], deletes: outdated } }, signal);
  } catch (thrown) {
    if (!signal.aborted && !isConflict(thrown)) {
      const { namespace, name } = service.metadata;
      const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${messageOf(thrown)}`;
      context.recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
    }
    throw thrown;
  }
  return done;
}

function labelsOf(service: Service): Readonly<Record<string, string>> {
  return {
    ...service.metadata.labels,
    ...(hasNoClusterIp(service) && { [labelHeadless]: '' }),
    [labelServiceName]: service.metadata.name,
    [labelManagedBy]: slicesManager,
  };
}

function isLabelled(service: Service, { metadata }: EndpointSlice): boolean {
  const owned = metadata.ownerReferences?.some(({ uid }) => uid === service.metadata.uid) === true;
  return owned && isEqual(metadata.labels ?? {}, labelsOf(service));
}

interface Application {
  readonly key: string;
  readonly service: Service;
  readonly decision: SliceDecision;
  readonly triggeredAt?: string | undefined;
}

async function apply(context: SlicesContext, application: Application, signal: AbortSignal): Promise<void> {
  const { client, written } = context;
  const { key, service, decision } = application;
  const { namespace, name } = service.metadata;
  for (const content of decision.creates) {
    const metadata = { namespace, generateName: `${name}-`, ...metadataOf(application) };
    const draft = { metadata: metadata as never, ...content };
    const slice = await unlessTerminating(client.create(endpointSlices, draft, { signal }));
    if (slice) written.record(key, slice);
  }
  for (const { slice, content } of decision.updates) {
    const metadata = { ...slice.metadata, ...metadataOf(application, slice) };
    written.record(key, await client.update(endpointSlices, { ...slice, metadata, ...content } as never, { signal }));
  }
  for (const slice of decision.deletes) {
    await ifFound(client.delete(endpointSlices, slice.metadata, { signal }));
    if (context.slices.byIndex(slicesByService, key).some(({ metadata }) => metadata.uid === slice.metadata.uid)) {
      written.recordDeletion(key, slice);
    }
  }
}

/** A namespace that is going away takes nothing new, and needs nothing. */
async function unlessTerminating(call: Promise<EndpointSlice>): Promise<EndpointSlice | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (isNamespaceTerminating(thrown)) return undefined;
    throw thrown;
  }
}

function metadataOf({ service, triggeredAt }: Application, slice?: EndpointSlice) {
  const { [annLastChangeTriggerTime]: _before, ...annotations } = slice?.metadata.annotations ?? {};
  return {
    labels: labelsOf(service),
    annotations: triggeredAt ? { ...annotations, [annLastChangeTriggerTime]: triggeredAt } : annotations,
    ownerReferences: [controllerReference(service, services)],
  };
}
