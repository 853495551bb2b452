/** Inline volumes: made when they are published, gone when they are unpublished. */
import type { NodePublishVolumeRequest } from '../../csi/index.ts';
import { Code, CsiError } from '../../csi/index.ts';
import { chooseKind } from './capacity.ts';
import { destroyVolume } from './controller-volumes.ts';
import type { HostpathDriver } from './driver.ts';
import { checkInlineId } from './ids.ts';
import type { VolumeRecord } from './records.ts';

/** Upstream's fixed size. */
const inlineSizeBytes = 100n << 20n;

export function isInlineRequest({ volumeContext }: NodePublishVolumeRequest): boolean {
  return volumeContext['csi.storage.k8s.io/ephemeral'] === 'true';
}

/** Makes the volume unless it is there. The caller runs alone on its id. */
export async function ensureInlineVolume(driver: HostpathDriver, id: string, kind: string): Promise<void> {
  const { state, files, config } = driver;
  checkInlineId(id);
  const found = state.findVolume(id);
  if (found?.ready) return;
  const used = (of: string) => state.usedBytes(of) - (found?.kind === of ? found.sizeBytes : 0n);
  const volume: VolumeRecord = {
    id,
    name: `ephemeral-${id}`,
    sizeBytes: inlineSizeBytes,
    accessType: 'mount',
    kind: chooseKind(config, used, kind, inlineSizeBytes),
    ephemeral: true,
    ready: false,
    context: {},
    mutableParameters: {},
    attachments: [],
    staged: [],
    published: [],
  };
  state.putVolume(volume);
  await state.durable();
  await files.create(volume);
  state.putVolume({ ...volume, ready: true });
}

/** Deletes an inline volume that is published nowhere. */
export async function removeInlineVolume(driver: HostpathDriver, id: string): Promise<void> {
  const volume = driver.state.findVolume(id);
  if (volume?.ephemeral && volume.published.length === 0) await destroyVolume(driver, volume);
}

/** Inline requests and persistent volumes never share an id. */
export function checkLifecycle(volume: VolumeRecord, inline: boolean): void {
  if (volume.ephemeral === inline) return;
  const is = volume.ephemeral ? 'an inline volume' : 'not an inline volume';
  throw new CsiError(Code.INVALID_ARGUMENT, `volume '${volume.id}' is ${is}`);
}
