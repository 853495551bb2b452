/** What CreateSnapshot is asked for on behalf of a content. */
import {
  isNotFound,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
  volumeSnapshotClasses,
} from '../../api/index.ts';
import { goQuote, messageOf } from '../../base/index.ts';
import { SnapshotError, type SnapshotRequest, type SnapshotterContext, type SnapshotterFlags } from './context.ts';
import { keptRequest } from './kept-request.ts';
import { driverParameters } from './parameters.ts';

/**
 * The request that is under way for the content, whatever has become of the class and the flags, or else a new one.
 * @throws SnapshotError or ApiStatusError; nothing was asked for then.
 */
export async function prepareRequest(
  context: SnapshotterContext,
  content: VolumeSnapshotContent,
  volumeHandle: string,
  signal: AbortSignal,
): Promise<SnapshotRequest> {
  const kept = keptRequest(content);
  if (kept) return kept;
  const { name } = content.metadata;
  const { volumeSnapshotClassName, volumeSnapshotRef } = content.spec;
  if (!volumeSnapshotRef.uid) {
    const reason = `cannot create snapshot. Snapshot content ${name} not bound to a snapshot`;
    throw new SnapshotError(`failed to take snapshot of the volume ${volumeHandle}: ${goQuote(reason)}`);
  }
  if (volumeSnapshotClassName === undefined)
    throw inputError(name, new SnapshotError(`failed to take snapshot ${name} without a snapshot class`));
  const { parameters = {} } = await getClass(context, volumeSnapshotClassName, signal).catch((thrown: unknown) => {
    throw inputError(name, thrown);
  });
  return {
    name: snapshotName(volumeSnapshotRef.uid, context.flags),
    sourceVolumeId: volumeHandle,
    parameters: { ...driverParameters(parameters), ...metadataOf(content, context.flags) },
  };
}

export async function getClass(
  { classes, client }: SnapshotterContext,
  name: string,
  signal: AbortSignal,
): Promise<VolumeSnapshotClass> {
  try {
    return classes.get(name) ?? (await client.get(volumeSnapshotClasses, { name }, { signal }));
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
    throw new SnapshotError(`volumesnapshotclass.snapshot.storage.k8s.io "${name}" not found`, { cause: thrown });
  }
}

/** The same for every attempt, so that a repeated call finds what an earlier one made. Upstream: makeSnapshotName. */
export function snapshotName(
  uid: string,
  { snapshotNamePrefix: prefix, snapshotNameUuidLength: length }: SnapshotterFlags,
): string {
  return `${prefix}-${length === -1 ? uid : uid.replaceAll('-', '').slice(0, length)}`;
}

function metadataOf(
  { metadata, spec }: VolumeSnapshotContent,
  { extraCreateMetadata }: SnapshotterFlags,
): Record<string, string> {
  if (!extraCreateMetadata) return {};
  return {
    'csi.storage.k8s.io/volumesnapshot/name': spec.volumeSnapshotRef.name ?? '',
    'csi.storage.k8s.io/volumesnapshot/namespace': spec.volumeSnapshotRef.namespace ?? '',
    'csi.storage.k8s.io/volumesnapshotcontent/name': metadata.name,
  };
}

export function inputError(contentName: string, thrown: unknown): SnapshotError {
  const reason = goQuote(messageOf(thrown));
  const message = `failed to get input parameters to create snapshot for content ${contentName}: ${reason}`;
  return new SnapshotError(message, { cause: thrown });
}
