/** autoscaling/v1 Scale of the kinds that have replicas. Upstream: registry/apps/statefulset/storage ScaleREST. */
import { type ApiResponse, invalid, type LabelSelector, type Patch } from '../../api/index.ts';
import { deepFreeze } from '../../base/index.ts';
import type { SubresourceHandler, WriteCall } from '../pipeline/context.ts';
import { getObject } from '../pipeline/read.ts';
import { changeObject } from '../pipeline/update.ts';
import type { AnyObject } from '../registry/strategy.ts';
import { applyPatchBody, decodeScale } from './scale-codec.ts';

interface Scalable {
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector | Readonly<Record<string, string>> };
  readonly status?: { readonly replicas?: number };
}

export const scaleHandler: SubresourceHandler = {
  kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  get: async (call, name) => ({ object: scaleOf(await getObject(call.server, call.resource, target(call, name))) }),
  update: (call, name, body) => change(call, name, () => decodeScale(body)),
  patch: (call, name, patch: Patch) =>
    change(call, name, (current) => decodeScale(applyPatchBody(scaleOf(current), patch))),
};

function target(call: WriteCall, name: string) {
  return { namespace: call.namespace, name };
}

async function change(
  call: WriteCall,
  name: string,
  wanted: (current: AnyObject) => { readonly replicas: number; readonly resourceVersion?: string },
): Promise<ApiResponse> {
  // The object itself is written: a scale is a view of its spec.
  const { object } = await changeObject({ ...call, subresource: undefined }, name, {
    change: async (current) => {
      const { replicas, resourceVersion } = wanted(current);
      if (replicas < 0) {
        const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
        throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
          { kind: 'Invalid', field: 'spec.replicas', message },
        ]);
      }
      const metadata = { ...current.metadata, resourceVersion: resourceVersion ?? '' };
      return { ...current, metadata, spec: { ...(current.spec as object | undefined), replicas } };
    },
  });
  return { object: scaleOf(object) };
}

function scaleOf(object: AnyObject): AnyObject {
  const { spec, status } = object as Scalable;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return deepFreeze({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: selectorText(spec?.selector) },
  });
}

/** The selector as a query parameter. A ReplicationController's is a plain map. */
function selectorText(selector: LabelSelector | Readonly<Record<string, string>> | undefined): string {
  if (!selector) return '';
  const isPlain = !('matchLabels' in selector) && !('matchExpressions' in selector);
  const { matchLabels = {}, matchExpressions = [] } = isPlain
    ? { matchLabels: selector as Readonly<Record<string, string>> }
    : (selector as LabelSelector);
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`;
  });
  return [...labels, ...expressions].sort().join(',');
}
