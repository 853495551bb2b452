/** The secrets that go along with calls for snapshots. */
import {
  annSnapshotDeletionSecretName,
  annSnapshotDeletionSecretNamespace,
  type SecretReference,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
} from '../../api/index.ts';
import { goQuote, messageOf } from '../../base/index.ts';
import { snapshotSecretOf } from '../../component-helpers/index.ts';
import { secretData } from '../common/secrets.ts';
import { SnapshotError, type SnapshotterContext } from './context.ts';
import { getClass } from './snapshot-request.ts';

/** The values of the secret that the snapshot is taken and deleted with. Upstream: GetCredentialsFromAnnotation. */
export async function snapshotSecrets(
  { client, logger }: SnapshotterContext,
  { metadata }: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const reference = secretOf(metadata.annotations);
  if (!reference) return {};
  const content = goQuote(metadata.name);
  if (!reference.name || !reference.namespace) {
    throw new SnapshotError(
      `cannot retrieve secrets for snapshot content ${content}, err: secret name or namespace not specified`,
    );
  }
  try {
    return await secretData(client, reference, signal);
  } catch (cause) {
    logger.warn('secret of a snapshot not read', { content: metadata.name, error: messageOf(cause) });
    throw new SnapshotError(`cannot get credentials for snapshot content ${content}`, { cause });
  }
}

function secretOf(annotations: Readonly<Record<string, string>> = {}): SecretReference | undefined {
  const name = annotations[annSnapshotDeletionSecretName];
  const namespace = annotations[annSnapshotDeletionSecretNamespace];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

/** The values of the secret that snapshots of the content's class are looked up with. */
export async function listSecrets(
  context: SnapshotterContext,
  { metadata: { name }, spec: { volumeSnapshotClassName: className } }: VolumeSnapshotContent,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (className === undefined) return {};
  const failed = (what: string) => (thrown: unknown) => {
    const message = `failed to get ${what} for snapshot content ${name}: ${messageOf(thrown)}`;
    throw new SnapshotError(message, { cause: thrown });
  };
  const { parameters } = await getClass(context, className, signal).catch(failed(`snapshot class ${className}`));
  const reference = listSecretOf(parameters, name, failed('secret reference'));
  if (!reference) return {};
  const from = `error getting secret ${reference.name} in namespace ${reference.namespace}`;
  return await secretData(context.client, reference, signal).catch((thrown: unknown) =>
    failed('credentials')(new SnapshotError(`${from}: ${messageOf(thrown)}`, { cause: thrown })),
  );
}

function listSecretOf(
  parameters: VolumeSnapshotClass['parameters'],
  contentName: string,
  failed: (thrown: unknown) => never,
): SecretReference | undefined {
  try {
    return snapshotSecretOf('snapshotter-list', parameters, { contentName });
  } catch (thrown) {
    return failed(thrown);
  }
}
