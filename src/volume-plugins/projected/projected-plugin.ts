import type { Pod, ProjectedVolumeSource, ServiceAccountTokenProjection, VolumeProjection } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import type { FileProjection, Payload } from '../atomic-writer.ts';
import { findConfigMap, findSecret } from '../config-objects.ts';
import { createConfigVolumePlugin } from '../config-volume.ts';
import { finalError, transientError } from '../errors.ts';
import { configMapPayload, defaultFileMode, downwardApiPayload, secretPayload } from '../payload.ts';
import type { MounterArgs, VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';

/** A token that only its user may read. */
const privateMode = 0o600;
const defaultExpirationSeconds = 3600;

/** Several sources in one directory. On memory, because tokens and secrets may be among them. */
export function createProjectedPlugin(host: VolumeHost): VolumePlugin {
  return createConfigVolumePlugin(host, {
    pluginName: 'kubernetes.io/projected',
    medium: 'Memory',
    sourceOf: (volume) => volume.projected,
    emptySource: { projected: { sources: [] } },
    payload: (source, pod, args) => projectedPayload(host, source, pod, args),
  });
}

async function projectedPayload(
  host: VolumeHost,
  source: ProjectedVolumeSource,
  pod: Pod,
  args: MounterArgs,
): Promise<Payload> {
  const payload = new Map<string, FileProjection>();
  const errors: string[] = [];
  for (const projection of source.sources ?? []) {
    try {
      for (const [path, file] of await projectionPayload(host, projection, { pod, args, source })) {
        payload.set(path, file);
      }
    } catch (thrown) {
      errors.push(messageOf(thrown));
    }
  }
  if (errors.length === 1) throw transientError(errors[0] ?? '');
  if (errors.length > 1) throw transientError(`[${errors.join(', ')}]`);
  return payload;
}

interface ProjectionContext {
  readonly pod: Pod;
  readonly args: MounterArgs;
  readonly source: ProjectedVolumeSource;
}

async function projectionPayload(
  host: VolumeHost,
  projection: VolumeProjection,
  context: ProjectionContext,
): Promise<Payload> {
  const { pod, source } = context;
  const namespace = pod.metadata.namespace ?? '';
  const { defaultMode } = source;
  if (projection.secret) {
    const { name = '', items, optional = false } = projection.secret;
    return secretPayload(await findSecret(host, { namespace, name, optional }), { items, defaultMode, optional });
  }
  if (projection.configMap) {
    const { name = '', items, optional = false } = projection.configMap;
    return configMapPayload(await findConfigMap(host, { namespace, name, optional }), { items, defaultMode, optional });
  }
  if (projection.downwardAPI) {
    const { items } = projection.downwardAPI;
    return downwardApiPayload({ items, defaultMode, pod, nodeAllocatable: host.nodeAllocatable() });
  }
  if (projection.serviceAccountToken) return await tokenPayload(host, projection.serviceAccountToken, context);
  if (projection.clusterTrustBundle) throw finalError('ClusterTrustBundle projection is not supported');
  if (projection.podCertificate) throw finalError('PodCertificate projection is not supported');
  return new Map();
}

async function tokenPayload(
  host: VolumeHost,
  projection: ServiceAccountTokenProjection,
  { pod, args, source }: ProjectionContext,
): Promise<Payload> {
  const { audience, expirationSeconds = defaultExpirationSeconds, path } = projection;
  const { token } = await host.getServiceAccountToken({
    namespace: pod.metadata.namespace ?? '',
    serviceAccountName: pod.spec.serviceAccountName ?? 'default',
    audiences: audience ? [audience] : [],
    expirationSeconds,
    pod,
  });
  const restricted = args.fsUser !== undefined || args.fsGroup !== undefined;
  const mode = restricted ? privateMode : (source.defaultMode ?? defaultFileMode);
  return new Map([[path, { content: Buffer.from(token), mode, fsUser: args.fsUser }]]);
}
