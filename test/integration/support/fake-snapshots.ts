/** The snapshots of a fake driver: the backend's truth about them, and what was asked for. */

export interface FakeSnapshot {
  readonly id: string;
  readonly sourceVolumeId: string;
}

export class FakeSnapshots {
  /** By name. */
  readonly taken = new Map<string, FakeSnapshot>();
  /** What CreateSnapshot was asked for, secrets and all. */
  readonly creations: object[] = [];
  /** What DeleteSnapshot and ListSnapshots were asked for. */
  readonly deletions: object[] = [];
  readonly lookups: object[] = [];
  isReady = true;
  sizeBytes = 1n << 30n;
  /** Unix time in nanoseconds; undefined when the driver does not tell. */
  createdNs: bigint | undefined = 1_700_000_000_123_456_000n;
  groupSnapshotId = '';
  idOf: (name: string) => string = (name) => `id-of-${name}`;
  /** Whether ListSnapshots obeys its filter. */
  obeysFilter = true;
  readonly #ids: Set<string>;

  /** @param ids is kept: the ids of all snapshots. */
  constructor(ids: Set<string>) {
    this.#ids = ids;
  }

  create({ name, sourceVolumeId, parameters, secrets }: Request) {
    this.creations.push({ name, sourceVolumeId, parameters, secrets });
    const snapshot = this.taken.get(name) ?? { id: this.idOf(name), sourceVolumeId };
    this.taken.set(name, snapshot);
    this.#ids.add(snapshot.id);
    return { snapshot: this.#describe(snapshot) };
  }

  delete({ snapshotId, secrets }: { readonly snapshotId: string; readonly secrets: Secrets }) {
    this.deletions.push({ snapshotId, secrets });
    this.#ids.delete(snapshotId);
    for (const [name, { id }] of this.taken) if (id === snapshotId) this.taken.delete(name);
    return {};
  }

  list({ snapshotId, secrets }: { readonly snapshotId: string; readonly secrets: Secrets }) {
    this.lookups.push({ snapshotId, secrets });
    const wanted = [...this.taken.values()].filter(({ id }) => !this.obeysFilter || id === snapshotId);
    return { entries: wanted.map((snapshot) => ({ snapshot: this.#describe(snapshot) })) };
  }

  #describe({ id, sourceVolumeId }: FakeSnapshot) {
    const { isReady: readyToUse, sizeBytes, createdNs, groupSnapshotId } = this;
    const creationTime =
      createdNs === undefined
        ? {}
        : {
            creationTime: {
              seconds: createdNs / 1_000_000_000n,
              nanos: Number(createdNs % 1_000_000_000n),
            },
          };
    return { snapshotId: id, sourceVolumeId, readyToUse, sizeBytes, groupSnapshotId, ...creationTime };
  }
}

type Secrets = Readonly<Record<string, string>>;

interface Request {
  readonly name: string;
  readonly sourceVolumeId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
}
