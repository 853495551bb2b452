/**
 * What the driver knows: its volumes and snapshots, who has them attached, staged and published. All services of the
 * process share one State. Records are replaced, never changed; memory changes at once, and a call that changed
 * something answers only after durable() has put it on disk. The file is never written by two processes.
 */
import { join } from 'node:path';
import { type Fs, ifExists, UsageError, writeFileDurably } from '../../base/index.ts';
import { Code, CsiError } from '../../csi/index.ts';
import type { SnapshotRecord, VolumeRecord } from './records.ts';
import { parseState, recordText, stateText } from './state-file.ts';

export class State {
  readonly #fs: Fs;
  readonly #path: string;
  readonly #volumes = new Map<string, VolumeRecord>();
  readonly #volumeIds = new Map<string, string>();
  readonly #snapshots = new Map<string, SnapshotRecord>();
  readonly #usedBytes = new Map<string, bigint>();
  /** Each record's text, so that one change does not format them all again. */
  readonly #texts = new Map<string, string>();
  #version = 0;
  #durableVersion = 0;
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(fs: Fs, path: string) {
    this.#fs = fs;
    this.#path = path;
  }

  /** Reads state.json of the directory. A UsageError when it is damaged: an empty state would disown every volume. */
  static async load(fs: Fs, directory: string): Promise<State> {
    const path = join(directory, 'state.json');
    const state = new State(fs, path);
    // Left by a write that a crash cut short.
    await fs.rm(`${path}.tmp`, { force: true });
    const text = await ifExists(fs.readFile(path, 'utf8'));
    if (text === undefined) return state;
    try {
      const { volumes, snapshots } = parseState(text);
      for (const volume of volumes) state.#setVolume(volume);
      for (const snapshot of snapshots) state.#setSnapshot(snapshot);
    } catch (cause) {
      throw new UsageError(`${path} is damaged; restore it or start with another --statedir`, { cause });
    }
    return state;
  }

  get volumes(): Iterable<VolumeRecord> {
    return this.#volumes.values();
  }

  get snapshots(): Iterable<SnapshotRecord> {
    return this.#snapshots.values();
  }

  /** Bytes that the volumes of the kind take. */
  usedBytes(kind: string): bigint {
    return this.#usedBytes.get(kind) ?? 0n;
  }

  findVolume(id: string): VolumeRecord | undefined {
    return this.#volumes.get(id);
  }

  /** NotFound when there is none, or none that is complete. */
  getVolume(id: string): VolumeRecord {
    const volume = this.#volumes.get(id);
    if (!volume?.ready) throw new CsiError(Code.NOT_FOUND, `volume id ${id} does not exist in the volumes list`);
    return volume;
  }

  findVolumeByName(name: string): VolumeRecord | undefined {
    const id = this.#volumeIds.get(name);
    return id === undefined ? undefined : this.#volumes.get(id);
  }

  findSnapshot(id: string): SnapshotRecord | undefined {
    return this.#snapshots.get(id);
  }

  getSnapshot(id: string): SnapshotRecord {
    const snapshot = this.#snapshots.get(id);
    if (!snapshot?.ready) throw new CsiError(Code.NOT_FOUND, `snapshot id ${id} does not exist in the snapshots list`);
    return snapshot;
  }

  findSnapshotByName(name: string): SnapshotRecord | undefined {
    return this.#snapshots.values().find((snapshot) => snapshot.name === name);
  }

  putVolume(volume: VolumeRecord): void {
    this.#setVolume(volume);
    this.#version++;
  }

  /** Replaces the volume by what the change makes of its present record; nothing when it is gone. */
  updateVolume(id: string, change: (volume: VolumeRecord) => Partial<VolumeRecord>): void {
    const volume = this.#volumes.get(id);
    if (volume) this.putVolume({ ...volume, ...change(volume) });
  }

  removeVolume(id: string): void {
    const volume = this.#volumes.get(id);
    if (!volume) return;
    this.#countBytes(volume.kind, -volume.sizeBytes);
    this.#volumes.delete(id);
    this.#volumeIds.delete(volume.name);
    this.#texts.delete(id);
    this.#version++;
  }

  putSnapshot(snapshot: SnapshotRecord): void {
    this.#setSnapshot(snapshot);
    this.#version++;
  }

  removeSnapshot(id: string): void {
    if (this.#snapshots.delete(id)) this.#version++;
    this.#texts.delete(id);
  }

  /** Resolves when everything up to now is on disk. Calls of the same time share a write. Rejects when it failed. */
  async durable(): Promise<void> {
    if (this.#durableVersion === this.#version) return;
    this.#next ??= this.#writeAfter(this.#writing);
    await this.#next;
  }

  async #writeAfter(earlier: Promise<void>): Promise<void> {
    // Whoever waited for it has heard of its failure; this write holds all that it held.
    await earlier.catch(() => {});
    this.#next = undefined;
    this.#writing = this.#write();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const version = this.#version;
    const textsOf = (ids: Iterable<string>) => Array.from(ids, (id) => this.#texts.get(id) ?? '');
    const text = stateText(textsOf(this.#volumes.keys()), textsOf(this.#snapshots.keys()));
    await writeFileDurably(this.#fs, this.#path, text);
    this.#durableVersion = version;
  }

  #countBytes(kind: string, bytes: bigint): void {
    this.#usedBytes.set(kind, this.usedBytes(kind) + bytes);
  }

  #setVolume(volume: VolumeRecord): void {
    const before = this.#volumes.get(volume.id);
    if (before) this.#countBytes(before.kind, -before.sizeBytes);
    this.#countBytes(volume.kind, volume.sizeBytes);
    this.#volumes.set(volume.id, volume);
    this.#volumeIds.set(volume.name, volume.id);
    this.#texts.set(volume.id, recordText(volume));
  }

  #setSnapshot(snapshot: SnapshotRecord): void {
    this.#snapshots.set(snapshot.id, snapshot);
    this.#texts.set(snapshot.id, recordText(snapshot));
  }
}
