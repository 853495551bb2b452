/** The text of state.json: `{"Volumes":[...],"Snapshots":[...],"GroupSnapshots":[]}`, a record per line. */
import { assert } from '../../base/index.ts';
import { checkStoredId } from './ids.ts';
import type { SnapshotRecord, VolumeRecord } from './records.ts';

/** A size is text in the file: a JSON number above 2^53 would lose digits. */
export function recordText(record: VolumeRecord | SnapshotRecord): string {
  return JSON.stringify({ ...record, sizeBytes: String(record.sizeBytes) });
}

export function stateText(volumes: readonly string[], snapshots: readonly string[]): string {
  return `{"Volumes":[\n${volumes.join(',\n')}\n],"Snapshots":[\n${snapshots.join(',\n')}\n],"GroupSnapshots":[]}\n`;
}

function parseRecords(value: unknown): Record<string, unknown>[] {
  assert(Array.isArray(value), 'the list of records is missing');
  return value.map((record: unknown) => {
    assert(typeof record === 'object' && record !== null && 'id' in record && 'sizeBytes' in record, 'not a record');
    checkStoredId(String(record.id));
    return { ...record, sizeBytes: BigInt(String(record.sizeBytes)) };
  });
}

/** Throws on anything that this program did not write. */
export function parseState(text: string): { volumes: VolumeRecord[]; snapshots: SnapshotRecord[] } {
  const parsed: unknown = JSON.parse(text);
  assert(typeof parsed === 'object' && parsed !== null && 'Volumes' in parsed && 'Snapshots' in parsed, 'not a state');
  return {
    volumes: parseRecords(parsed.Volumes) as unknown as VolumeRecord[],
    snapshots: parseRecords(parsed.Snapshots) as unknown as SnapshotRecord[],
  };
}
