/** Snapshots: an archive of a directory, or a copy of a block volume's file. Taken whole before the call answers. */
import { Code, type Controller, CsiError, type ServiceHandlers } from '../../csi/index.ts';
import { page, requireField, requireName } from './checks.ts';
import type { HostpathDriver } from './driver.ts';
import { checkToken } from './ids.ts';
import type { SnapshotRecord, VolumeRecord } from './records.ts';

type Handlers = ServiceHandlers<typeof Controller>;

function snapshotMessage(snapshot: SnapshotRecord) {
  const { id, sourceVolumeId, sizeBytes, createdMs, ready } = snapshot;
  const seconds = BigInt(Math.floor(createdMs / 1000));
  return {
    snapshotId: id,
    sourceVolumeId,
    sizeBytes,
    creationTime: { seconds, nanos: (createdMs % 1000) * 1_000_000 },
    readyToUse: ready,
  };
}

/** Deletes the archive and then the record, which says first that there is nothing whole to restore from. */
async function destroy({ state, files }: HostpathDriver, snapshot: SnapshotRecord): Promise<void> {
  state.putSnapshot({ ...snapshot, ready: false });
  await state.durable();
  await files.removeSnapshot(snapshot);
  state.removeSnapshot(snapshot.id);
  await state.durable();
}

async function produce(
  driver: HostpathDriver,
  unready: SnapshotRecord,
  source: VolumeRecord,
  ignoreFailedRead: boolean,
) {
  const { state, files } = driver;
  state.putSnapshot(unready);
  try {
    await state.durable();
    await files.createSnapshot(unready, source, ignoreFailedRead);
  } catch (thrown) {
    await destroy(driver, unready).catch(() => {
      // The record stays, not ready, for the next call. What is reported is why the snapshot could not be taken.
    });
    throw thrown;
  }
  state.putSnapshot({ ...unready, ready: true });
}

function newSnapshot(
  { random, host }: HostpathDriver,
  name: string,
  source: VolumeRecord,
  id?: string,
): SnapshotRecord {
  const { sizeBytes, accessType } = source;
  const createdMs = host.clock.now();
  return { id: id ?? random.uuid(), name, sourceVolumeId: source.id, sizeBytes, accessType, createdMs, ready: false };
}

const createSnapshot =
  (driver: HostpathDriver): NonNullable<Handlers['createSnapshot']> =>
  async (request) => {
    const { state, locks } = driver;
    const name = requireName(request.name);
    const sourceId = requireField(request.sourceVolumeId, 'SourceVolumeId');
    return await locks.runAlone(`snapshot ${name}`, async () => {
      const found = state.findSnapshotByName(name);
      if (found && found.sourceVolumeId !== sourceId) {
        throw new CsiError(
          Code.ALREADY_EXISTS,
          `snapshot with the same name: ${name} but with different SourceVolumeId already exist`,
        );
      }
      if (!found?.ready) {
        await locks.runShared(sourceId, async () => {
          const source = state.getVolume(sourceId);
          const snapshot = newSnapshot(driver, name, source, found?.id);
          await produce(driver, snapshot, source, request.parameters.ignoreFailedRead === 'true');
        });
      }
      await state.durable();
      const snapshot = state.findSnapshotByName(name);
      if (!snapshot) throw new CsiError(Code.ABORTED, `snapshot ${name} was deleted meanwhile`);
      return { snapshot: snapshotMessage(snapshot) };
    });
  };

const deleteSnapshot =
  (driver: HostpathDriver): NonNullable<Handlers['deleteSnapshot']> =>
  async (request) => {
    const { state, locks } = driver;
    const id = requireField(request.snapshotId, 'Snapshot ID');
    await locks.runAlone(id, async () => {
      const snapshot = state.findSnapshot(id);
      // A snapshot that does not exist is deleted.
      if (!snapshot) return;
      await destroy(driver, snapshot);
    });
    return {};
  };

const listSnapshots =
  ({ state, config }: HostpathDriver): NonNullable<Handlers['listSnapshots']> =>
  async ({ snapshotId, sourceVolumeId, startingToken, maxEntries }) => {
    if (!config.enableListSnapshots) throw new CsiError(Code.UNIMPLEMENTED, 'ListSnapshots is not supported');
    if (startingToken !== '') checkToken(startingToken);
    const wanted = ({ id, sourceVolumeId: source, ready }: SnapshotRecord) =>
      ready && (snapshotId === '' || id === snapshotId) && (sourceVolumeId === '' || source === sourceVolumeId);
    const { entries, nextToken } = page([...state.snapshots].filter(wanted), maxEntries, startingToken);
    return { entries: entries.map((snapshot) => ({ snapshot: snapshotMessage(snapshot) })), nextToken };
  };

const getSnapshot =
  ({ state }: HostpathDriver): NonNullable<Handlers['getSnapshot']> =>
  async ({ snapshotId }) => ({
    snapshot: snapshotMessage(state.getSnapshot(requireField(snapshotId, 'Snapshot ID'))),
  });

export function snapshotHandlers(driver: HostpathDriver): Handlers {
  return {
    createSnapshot: createSnapshot(driver),
    deleteSnapshot: deleteSnapshot(driver),
    listSnapshots: listSnapshots(driver),
    getSnapshot: getSnapshot(driver),
  };
}
