/** The class of a snapshot: the one it names, or the default of the driver of its claim's volume. */
import {
  annIsDefaultSnapshotClass,
  isConflict,
  type VolumeSnapshot,
  type VolumeSnapshotClass,
  volumeSnapshots,
} from '../../api/index.ts';
import { isAbort, messageOf } from '../../base/index.ts';
import { type SnapshotContext, SnapshotFailure, SnapshotSourceError } from './context.ts';
import { sourceVolume } from './source-volume.ts';

/** Answers the snapshot with its class. One of a content that exists needs none. Throws a SnapshotFailure. */
export async function ensureClass(
  context: SnapshotContext,
  snapshot: VolumeSnapshot,
  signal: AbortSignal,
): Promise<VolumeSnapshot> {
  const { source, volumeSnapshotClassName } = snapshot.spec;
  if (volumeSnapshotClassName !== undefined) {
    if (context.classes.get(volumeSnapshotClassName)) return snapshot;
    const told = `Failed to get snapshot class with error ${classNotFound(volumeSnapshotClassName)}`;
    throw new SnapshotFailure({ reason: 'GetSnapshotClassFailed', told, notReady: false });
  }
  if (source.volumeSnapshotContentName !== undefined) return snapshot;
  try {
    const name = await findDefault(context, snapshot, signal);
    const spec = { ...snapshot.spec, volumeSnapshotClassName: name };
    return await context.client.update(volumeSnapshots, { ...snapshot, spec }, { signal });
  } catch (cause) {
    if (isAbort(cause) || isConflict(cause)) throw cause;
    const told = `Failed to set default snapshot class with error ${messageOf(cause)}`;
    throw new SnapshotFailure({ reason: 'SetDefaultSnapshotClassFailed', told, notReady: false }, told, { cause });
  }
}

export function classNotFound(name: string): string {
  return `volumesnapshotclass.snapshot.storage.k8s.io "${name}" not found`;
}

async function findDefault(context: SnapshotContext, snapshot: VolumeSnapshot, signal: AbortSignal): Promise<string> {
  const volume = await sourceVolume(context, snapshot, signal);
  const driver = volume.spec.csi?.driver;
  const { namespace, name } = snapshot.metadata;
  if (driver === undefined)
    throw new SnapshotSourceError(`snapshotting non-CSI volumes is not supported, snapshot:${namespace}/${name}`);
  const [found, ...more] = defaultsOf(context.classes.list(), driver);
  if (!found) throw new SnapshotSourceError('cannot find default snapshot class');
  if (more.length > 0) throw new SnapshotSourceError(`${more.length + 1} default snapshot classes were found`);
  return found.metadata.name;
}

function defaultsOf(classes: readonly VolumeSnapshotClass[], driver: string): readonly VolumeSnapshotClass[] {
  return classes.filter(
    (found) => found.driver === driver && found.metadata.annotations?.[annIsDefaultSnapshotClass] === 'true',
  );
}
