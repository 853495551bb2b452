/**
 * The request of a CreateSnapshot as text that its content carries until the snapshot is there, so that the next process
 * asks for the same. Contents are written by administrators and by those who take snapshots, who choose what the driver
 * is told anyhow; so it is not signed. Pure.
 */
import type { VolumeSnapshotContent } from '../../api/index.ts';
import type { SnapshotRequest } from './context.ts';

export const annRequest = 'stowage.io/create-snapshot-request';

export function textOf({ name, parameters }: SnapshotRequest): string {
  return JSON.stringify({ name, parameters });
}

/** The request that the content carries; undefined when it carries none that can be read. */
export function keptRequest({ metadata, spec }: VolumeSnapshotContent): SnapshotRequest | undefined {
  const text = metadata.annotations?.[annRequest];
  const sourceVolumeId = spec.source.volumeHandle;
  if (text === undefined || sourceVolumeId === undefined) return undefined;
  const { name, parameters } = parse(text);
  if (typeof name !== 'string' || name === '' || !isTexts(parameters)) return undefined;
  return { name, sourceVolumeId, parameters };
}

function parse(text: string): { readonly name?: unknown; readonly parameters?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    // Not of our making.
    return {};
  }
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((each) => typeof each === 'string');
}
