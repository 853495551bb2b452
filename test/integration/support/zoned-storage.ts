/** A backend with so much storage in each zone, which makes volumes where they are preferred. */
import { quantityValue } from '../../../src/api/index.ts';
import type { ControlPlane } from './control-plane.ts';
import { FakeDriver } from './fake-driver.ts';

export const zone = 'topology.fake.csi/zone';

interface CreationInJson {
  readonly name: string;
  readonly capacityRange: { readonly requiredBytes: string };
  readonly accessibilityRequirements?: { readonly preferred: readonly { segments: Record<string, string> }[] };
}

export class ZonedStorage {
  readonly backend: FakeDriver;
  /** Bytes left by zone. */
  readonly #free = new Map<string, bigint>();
  /** Volumes that are there, by their ids. */
  readonly #volumes = new Map<string, { readonly at: string; readonly bytes: bigint }>();
  /** What was asked for where there was no room. */
  readonly overcommitted: string[] = [];

  constructor(plane: ControlPlane, zones: Readonly<Record<string, string>>) {
    const identity = { name: 'fake.csi', volumeIdOf: (name: string) => `id-${name}`, resolveId: (id: string) => id };
    this.backend = new FakeDriver(plane.clock, 'controller', { ...identity, topology: { [zone]: 'nowhere' } });
    this.backend.obeysPreference = true;
    for (const [name, size] of Object.entries(zones)) this.add(name, size);
    this.backend.capacityOf = (segment) => ({ availableCapacity: this.#free.get(segment[zone] ?? '') ?? 0n });
    this.backend.onReply = ({ method, subject }) => {
      if (method === 'CreateVolume') this.#create(JSON.parse(this.backend.creations.at(-1) ?? '{}') as CreationInJson);
      if (method === 'DeleteVolume') this.#delete(subject);
    };
  }

  add(name: string, size: string): void {
    this.#free.set(name, (this.#free.get(name) ?? 0n) + quantityValue(size));
  }

  #create({ name, capacityRange, accessibilityRequirements }: CreationInJson): void {
    const id = `id-${name}`;
    if (this.#volumes.has(id)) return;
    const at = accessibilityRequirements?.preferred[0]?.segments[zone] ?? '';
    const bytes = BigInt(capacityRange.requiredBytes);
    const left = (this.#free.get(at) ?? 0n) - bytes;
    if (left < 0n) this.overcommitted.push(`${name} in ${at}`);
    this.#free.set(at, left);
    this.#volumes.set(id, { at, bytes });
  }

  #delete(id: string): void {
    const volume = this.#volumes.get(id);
    if (!volume) return;
    this.#volumes.delete(id);
    this.#free.set(volume.at, (this.#free.get(volume.at) ?? 0n) + volume.bytes);
  }
}
