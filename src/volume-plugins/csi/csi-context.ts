/** What the CSI steps share: reads from the API on behalf of a volume, as transient failures when they fail. */
import { isNotFound, type Pod, type SecretReference } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { volumeAttachmentName } from '../../component-helpers/index.ts';
import { finalError, transientError } from '../errors.ts';
import type { VolumeHost } from '../volume-host.ts';
import type { CsiSource } from './csi-source.ts';

/** Secrets hold base64; drivers get text. */
export async function readSecret(
  host: VolumeHost,
  reference: SecretReference | undefined,
  role: 'NodeStageSecretRef' | 'NodePublishSecretRef' | 'NodeExpandSecretRef',
): Promise<Record<string, string>> {
  if (!reference) return {};
  const { namespace = '', name = '' } = reference;
  try {
    const secret = await host.getSecret(namespace, name);
    const entries = Object.entries(secret.data ?? {});
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
  } catch (thrown) {
    const why = isNotFound(thrown) ? `failed to find the secret ${name} in the namespace ${namespace}: ` : '';
    throw transientError(`fetching ${role} ${namespace}/${name} failed: ${why}${messageOf(thrown)}`, thrown);
  }
}

/** Whether a VolumeAttachment stands between this volume and the node. Without a CSIDriver object it does. */
export function attachRequired(host: VolumeHost, driver: string): boolean {
  return host.findCsiDriver(driver)?.spec.attachRequired !== false;
}

/**
 * What the driver's ControllerPublishVolume answered: of the attachment as it is now. Read live and last before the
 * call that needs it: node.status may have been written by a controller that no longer knows what is attached.
 */
export async function readPublishContext(host: VolumeHost, source: CsiSource): Promise<Record<string, string>> {
  const { driver, volumeHandle } = source;
  if (source.lifecycle === 'Ephemeral' || !attachRequired(host, driver)) return {};
  const name = volumeAttachmentName({ volumeHandle, driver, node: host.nodeName });
  const attachment = await host.getVolumeAttachment(name).catch((thrown: unknown) => {
    throw transientError(`kubernetes.io/csi: failed to get volume attachment ${name}: ${messageOf(thrown)}`, thrown);
  });
  const { attacher, nodeName } = attachment.spec;
  if (attacher !== driver || nodeName !== host.nodeName) {
    throw transientError(`kubernetes.io/csi: volume attachment ${name} is of driver ${attacher} and node ${nodeName}`);
  }
  if (attachment.metadata.deletionTimestamp !== undefined) {
    throw transientError('kubernetes.io/csi: volume attachment is being deleted');
  }
  if (!attachment.status?.attached) {
    const why = attachment.status?.attachError?.message;
    throw transientError(`kubernetes.io/csi: volume attachment ${name} is not attached${why ? `: ${why}` : ''}`);
  }
  return { ...attachment.status.attachmentMetadata };
}

const podInfoPrefix = 'csi.storage.k8s.io/';
const tokensKey = `${podInfoPrefix}serviceAccount.tokens`;

/** What a CSIDriver with podInfoOnMount is told about the pod. */
export function podInfo(host: VolumeHost, source: CsiSource, pod: Pod): Record<string, string> {
  const spec = host.findCsiDriver(source.driver)?.spec;
  if (!spec?.podInfoOnMount) return {};
  const { name, namespace = '', uid } = pod.metadata;
  return {
    [`${podInfoPrefix}pod.name`]: name,
    [`${podInfoPrefix}pod.namespace`]: namespace,
    [`${podInfoPrefix}pod.uid`]: uid,
    [`${podInfoPrefix}serviceAccount.name`]: pod.spec.serviceAccountName ?? '',
    [`${podInfoPrefix}ephemeral`]: String(source.lifecycle === 'Ephemeral'),
  };
}

export interface InjectedTokens {
  readonly volumeContext: Record<string, string>;
  readonly secrets: Record<string, string>;
}

/** The service account tokens that the CSIDriver asks for, in the volume context or, if it opts in, among the secrets. */
export async function serviceAccountTokens(host: VolumeHost, driver: string, pod: Pod): Promise<InjectedTokens> {
  const spec = host.findCsiDriver(driver)?.spec;
  const requests = spec?.tokenRequests ?? [];
  if (requests.length === 0) return { volumeContext: {}, secrets: {} };
  const tokens: Record<string, { token: string; expirationTimestamp: string }> = {};
  for (const { audience, expirationSeconds } of requests) {
    tokens[audience] = await host
      .getServiceAccountToken({
        namespace: pod.metadata.namespace ?? '',
        serviceAccountName: pod.spec.serviceAccountName ?? 'default',
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        pod,
      })
      .catch((thrown: unknown) => {
        const text = 'kubernetes.io/csi: mounter.SetUpAt failed to get service account token attributes';
        throw transientError(`${text}: ${messageOf(thrown)}`, thrown);
      });
  }
  const injected = { [tokensKey]: JSON.stringify(tokens) };
  return spec?.serviceAccountTokenInSecrets
    ? { volumeContext: {}, secrets: injected }
    : { volumeContext: injected, secrets: {} };
}

/** Refuses a volume whose lifecycle the CSIDriver object does not allow. */
export function checkLifecycle(host: VolumeHost, source: CsiSource): void {
  const { driver, lifecycle } = source;
  const object = host.findCsiDriver(driver);
  if (!object) {
    if (lifecycle === 'Persistent') return;
    throw finalError(`volume mode "${lifecycle}" not supported by driver ${driver} (no CSIDriver object)`);
  }
  const modes = object.spec.volumeLifecycleModes ?? ['Persistent'];
  if (modes.includes(lifecycle)) return;
  const quoted = modes.map((mode) => `"${mode}"`).join(' ');
  throw finalError(`volume mode "${lifecycle}" not supported by driver ${driver} (only supports [${quoted}])`);
}
