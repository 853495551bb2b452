/** Creating, deleting, growing and modifying volumes. The record comes before the effect, so that no crash leaks one. */
import {
  Code,
  type Controller,
  type CreateVolumeRequest,
  CsiError,
  type ServiceHandlers,
  type TopologyRequirement,
} from '../../csi/index.ts';
import { isWithin } from '../../mount/index.ts';
import { checkAvailable, checkMaximumSize, chooseKind } from './capacity.ts';
import { invalid, readSizeRange, requireAccessType, requireField, requireName } from './checks.ts';
import { topologyKey } from './config.ts';
import type { HostpathDriver } from './driver.ts';
import type { ContentSource, VolumeRecord } from './records.ts';

type Handlers = ServiceHandlers<typeof Controller>;

/** A volume as CreateVolume, ListVolumes and ControllerGetVolume show it. */
export function volumeMessage(volume: VolumeRecord) {
  const { id, sizeBytes, context, source, topologyNode } = volume;
  return {
    volumeId: id,
    capacityBytes: sizeBytes,
    volumeContext: { ...context },
    ...(source ? { contentSource: { type: sourceMessage(source) } } : {}),
    ...(topologyNode ? { accessibleTopology: [{ segments: { [topologyKey]: topologyNode } }] } : {}),
  };
}

function sourceMessage(source: ContentSource) {
  return 'volumeId' in source
    ? { case: 'volume' as const, value: { volumeId: source.volumeId } }
    : { case: 'snapshot' as const, value: { snapshotId: source.snapshotId } };
}

function readSource({ volumeContentSource }: CreateVolumeRequest): ContentSource | undefined {
  if (!volumeContentSource) return undefined;
  const { type } = volumeContentSource;
  if (type.case === 'volume') return { volumeId: requireField(type.value.volumeId, 'Source volume ID') };
  if (type.case === 'snapshot') return { snapshotId: requireField(type.value.snapshotId, 'Source snapshot ID') };
  throw invalid('volume content source is neither a volume nor a snapshot');
}

/** The node whose segment is preferred most; the only node's when the request leaves it open. */
function chooseTopologyNode(driver: HostpathDriver, requirement: TopologyRequirement | undefined): string | undefined {
  const { enableTopology, nodeIds } = driver.config;
  if (!enableTopology) return undefined;
  const wanted = [...(requirement?.preferred ?? []), ...(requirement?.requisite ?? [])];
  if (wanted.length === 0) return nodeIds[0];
  const node = wanted
    .map(({ segments }) => segments[topologyKey])
    .find((id) => id !== undefined && nodeIds.includes(id));
  if (node === undefined)
    throw new CsiError(Code.RESOURCE_EXHAUSTED, 'no node of this driver lies in the requisite topology');
  return node;
}

function checkMutableParameters(driver: HostpathDriver, parameters: Readonly<Record<string, string>>): void {
  const accepted = driver.config.acceptedMutableParameterNames;
  const names = Object.keys(parameters);
  if (names.length > 0 && !driver.config.enableControllerModifyVolume) {
    throw invalid('mutable parameters are not supported: MODIFY_VOLUME is off');
  }
  const unknown = names.find((name) => accepted.size > 0 && !accepted.has(name));
  if (unknown !== undefined) throw invalid(`invalid parameter: ${unknown}`);
}

/** AlreadyExists unless the volume of this name is what the request asks for. */
function checkSame(volume: VolumeRecord, request: CreateVolumeRequest, wanted: VolumeRecord): void {
  const { requiredBytes, limitBytes } = readSizeRange(request.capacityRange);
  const mismatch = (what: string) =>
    new CsiError(
      Code.ALREADY_EXISTS,
      `Volume with the same name: ${volume.name} but with different ${what} already exist`,
    );
  if (volume.sizeBytes < requiredBytes || (limitBytes > 0n && volume.sizeBytes > limitBytes)) throw mismatch('size');
  if (volume.accessType !== wanted.accessType) throw mismatch('access type');
  if (JSON.stringify(volume.source) !== JSON.stringify(wanted.source)) throw mismatch('source');
  if ((request.parameters.kind ?? volume.kind) !== volume.kind) throw mismatch('kind');
}

function recordOf(driver: HostpathDriver, request: CreateVolumeRequest): VolumeRecord {
  checkMutableParameters(driver, request.mutableParameters);
  return {
    id: driver.random.uuid(),
    name: requireName(request.name),
    sizeBytes: readSizeRange(request.capacityRange).sizeBytes,
    accessType: requireAccessType(request.volumeCapabilities),
    kind: '',
    ephemeral: false,
    ready: false,
    context: request.parameters,
    mutableParameters: request.mutableParameters,
    source: readSource(request),
    attachments: [],
    staged: [],
    published: [],
  };
}

/** Runs the work while nobody can delete what the volume is filled from. */
async function withSource(
  driver: HostpathDriver,
  volume: VolumeRecord,
  work: (fill: () => Promise<void>) => Promise<void>,
) {
  const { state, files, locks } = driver;
  const { source } = volume;
  const check = (from: { accessType: string; sizeBytes: bigint }, what: string) => {
    if (from.accessType !== volume.accessType) throw invalid(`${what} has another access type than the volume`);
    if (from.sizeBytes > volume.sizeBytes)
      throw invalid(`${what} size ${from.sizeBytes} is greater than requested volume size ${volume.sizeBytes}`);
  };
  if (!source) return await work(async () => {});
  if ('volumeId' in source) {
    return await locks.runShared(source.volumeId, async () => {
      const from = state.getVolume(source.volumeId);
      check(from, `volume ${from.id}`);
      await work(() => files.cloneFrom(from, volume));
    });
  }
  return await locks.runShared(source.snapshotId, async () => {
    const from = state.getSnapshot(source.snapshotId);
    check(from, `snapshot ${from.id}`);
    await work(() => files.restoreFrom(from, volume));
  });
}

/**
 * Deletes the volume's storage and then its record. The record says first that the volume is no longer whole: a crash in
 * between leaves one that a retry of the call, or a CreateVolume of the same name, carries on from.
 */
export async function destroyVolume({ state, files }: HostpathDriver, volume: VolumeRecord): Promise<void> {
  state.putVolume({ ...volume, ready: false });
  await state.durable();
  await files.remove(volume);
  state.removeVolume(volume.id);
  await state.durable();
}

/** Makes the volume's storage and fills it. The record is on disk first: a crash leaves nothing that nobody knows of. */
async function produce(driver: HostpathDriver, volume: VolumeRecord): Promise<void> {
  const { state, files } = driver;
  await withSource(driver, volume, async (fill) => {
    state.putVolume(volume);
    try {
      await state.durable();
      await files.create(volume);
      await fill();
    } catch (thrown) {
      await destroyVolume(driver, volume).catch(() => {
        // The record stays, not ready, for the next call. What is reported is why the volume could not be made.
      });
      throw thrown;
    }
    state.putVolume({ ...volume, ready: true });
  });
}

const createVolume =
  (driver: HostpathDriver): NonNullable<Handlers['createVolume']> =>
  async (request) => {
    const { state, locks, config } = driver;
    const wanted = recordOf(driver, request);
    return await locks.runAlone(`name ${wanted.name}`, async () => {
      const found = state.findVolumeByName(wanted.name);
      if (found) checkSame(found, request, wanted);
      if (!found?.ready) {
        // What an interrupted attempt took is its own.
        const used = (kind: string) => state.usedBytes(kind) - (found?.kind === kind ? found.sizeBytes : 0n);
        const kind = chooseKind(config, used, request.parameters.kind ?? '', wanted.sizeBytes);
        const topologyNode = chooseTopologyNode(driver, request.accessibilityRequirements);
        const volume = { ...wanted, id: found?.id ?? wanted.id, kind, topologyNode };
        await locks.runAlone(volume.id, () => produce(driver, volume));
      }
      await state.durable();
      return { volume: volumeMessage(state.findVolumeByName(wanted.name) ?? wanted) };
    });
  };

function checkUnused(driver: HostpathDriver, volume: VolumeRecord): void {
  if (!driver.config.checkVolumeLifecycle) return;
  const users = [...volume.attachments, ...volume.staged, ...volume.published];
  if (users.length === 0) return;
  const nodes = [...new Set(users.map(({ nodeId }) => nodeId))].join(', ');
  throw new CsiError(Code.FAILED_PRECONDITION, `Volume '${volume.id}' is still used by node ${nodes}`);
}

/**
 * FailedPrecondition while the volume shows anywhere, or something is mounted in it. Records of mounts that are gone (a
 * reboot) do not count.
 */
async function checkUnmounted({ host, files }: HostpathDriver, volume: VolumeRecord): Promise<void> {
  const own = files.pathOf(volume);
  const mountPoints = (await host.mounter.listMounts()).map((mount) => mount.path);
  // A block volume shows as its loop device, so its own records must say where.
  const shown = volume.accessType === 'block' ? [] : await host.mounter.getMountRefs(own);
  const recorded = new Set(volume.published.map(({ path }) => path));
  const path = shown[0] ?? mountPoints.find((point) => recorded.has(point) || isWithin(own, point));
  if (path !== undefined)
    throw new CsiError(Code.FAILED_PRECONDITION, `Volume '${volume.id}' is still mounted at ${path}`);
}

const deleteVolume =
  (driver: HostpathDriver): NonNullable<Handlers['deleteVolume']> =>
  async (request) => {
    const { state, locks } = driver;
    const id = requireField(request.volumeId, 'Volume ID');
    await locks.runAlone(id, async () => {
      const volume = state.findVolume(id);
      // A volume that does not exist is deleted.
      if (!volume) return;
      checkUnused(driver, volume);
      await checkUnmounted(driver, volume);
      await destroyVolume(driver, volume);
    });
    return {};
  };

/**
 * Grows the volume to the size. Takes the capacity first, so that nobody else can, and gives it back when the storage
 * does not grow. OutOfRange or ResourceExhausted when it may not have so much. The caller awaits durable().
 */
export async function growVolume(driver: HostpathDriver, id: string, sizeBytes: bigint): Promise<void> {
  const { state, files, config } = driver;
  const volume = state.getVolume(id);
  checkMaximumSize(sizeBytes, config.maxVolumeSizeBytes);
  checkAvailable(config, (kind) => state.usedBytes(kind), volume.kind, sizeBytes - volume.sizeBytes);
  state.updateVolume(id, () => ({ sizeBytes }));
  try {
    await files.resize({ ...volume, sizeBytes });
  } catch (thrown) {
    state.updateVolume(id, () => ({ sizeBytes: volume.sizeBytes }));
    throw thrown;
  }
}

const controllerExpandVolume =
  (driver: HostpathDriver): NonNullable<Handlers['controllerExpandVolume']> =>
  async (request) => {
    const { state, locks, config } = driver;
    if (!config.enableControllerExpansion)
      throw new CsiError(Code.UNIMPLEMENTED, 'ControllerExpandVolume is not supported');
    const id = requireField(request.volumeId, 'Volume ID');
    if (!request.capacityRange) throw invalid('Capacity range not provided');
    const { requiredBytes, sizeBytes } = readSizeRange(request.capacityRange);
    const asked = requiredBytes > 0n ? requiredBytes : sizeBytes;
    return await locks.runScoped(id, 'size', async () => {
      if (asked > state.getVolume(id).sizeBytes) await growVolume(driver, id, asked);
      await state.durable();
      return { capacityBytes: state.getVolume(id).sizeBytes, nodeExpansionRequired: config.enableNodeExpansion };
    });
  };

const controllerModifyVolume =
  (driver: HostpathDriver): NonNullable<Handlers['controllerModifyVolume']> =>
  async (request) => {
    const { state, config } = driver;
    if (!config.enableControllerModifyVolume)
      throw new CsiError(Code.UNIMPLEMENTED, 'ControllerModifyVolume is not supported');
    const id = requireField(request.volumeId, 'Volume ID');
    checkMutableParameters(driver, request.mutableParameters);
    state.getVolume(id);
    state.updateVolume(id, (volume) => ({
      mutableParameters: { ...volume.mutableParameters, ...request.mutableParameters },
    }));
    await state.durable();
    return {};
  };

export function volumeHandlers(driver: HostpathDriver): Handlers {
  return {
    createVolume: createVolume(driver),
    deleteVolume: deleteVolume(driver),
    controllerExpandVolume: controllerExpandVolume(driver),
    controllerModifyVolume: controllerModifyVolume(driver),
  };
}
