/** Watches what the machines' kernels, drivers and containers are made to do for what must never happen. */
import { type Node, type PersistentVolume, persistentVolumes } from '../../src/api/index.ts';
import type { ContainerConfig } from '../../src/kubelet/runtime/runtime.ts';
import { isWithin } from '../../src/mount/index.ts';
import type { ControlPlane } from '../integration/support/control-plane.ts';
import type { FakeDriver } from '../integration/support/fake-driver.ts';
import type { Machine } from './machine/machine.ts';
import type { NodeCall } from './machine/node-driver.ts';

interface NodeJudgeOptions {
  readonly plane: ControlPlane;
  readonly backend: FakeDriver;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly violate: (id: string, what: string) => void;
}

/** `<root>/pods/<uid>/volumes/kubernetes.io~csi/<volume>/mount` */
const csiMountPattern = /\/volumes\/kubernetes\.io~csi\/([^/]+)\/mount$/;

export class NodeJudge {
  readonly #options: NodeJudgeOptions;
  readonly #volumes = new Map<string, PersistentVolume>();

  constructor(options: NodeJudgeOptions) {
    this.#options = options;
    const seen = (volume: PersistentVolume) => void this.#volumes.set(volume.metadata.name, volume);
    // Volumes that are gone are kept: what is left of them on a machine has to be told apart.
    options.plane.informers
      .informer(persistentVolumes)
      .addHandler({ onAdd: seen, onUpdate: (_, volume) => seen(volume) });
  }

  async watch(machine: Machine): Promise<void> {
    machine.onStart = (config) => this.#onStart(machine, config);
    machine.driver.onCall = (call) => this.#onCall(machine, call);
    await this.#options.plane.onCommit((events) => {
      for (const { key, current } of events)
        if (key === `nodes/${machine.name}` && current) this.#onNode(machine, current as Node);
    });
  }

  onFileChange(machine: Machine, path: string): void {
    const mount = machine.findMountAround(path);
    if (mount !== undefined) this.#violate('rel-E5', machine, `${path} is changed, which is in the volume at ${mount}`);
  }

  /** A container of the machine is about to start. */
  #onStart(machine: Machine, { mounts, identity }: ContainerConfig): void {
    for (const { source } of mounts) {
      const name = csiMountPattern.exec(source)?.[1];
      if (name === undefined) continue;
      const handle = this.#volumes.get(name)?.spec.csi?.volumeHandle;
      if (machine.mounts.get(source) !== handle)
        this.#violate('rel-E1', machine, `${identity.podName} starts on ${machine.mounts.get(source)}, not ${handle}`);
    }
  }

  async #onCall(machine: Machine, call: NodeCall): Promise<void> {
    const { method, volumeId, path } = call;
    if (method === 'NodeStageVolume') this.#onStage(machine, call);
    if (method === 'NodePublishVolume' && ![...machine.mounts.values()].includes(volumeId))
      this.#violate('rel-E3', machine, `${volumeId} is published, which is not staged`);
    if (method === 'NodeUnpublishVolume') await this.#onUnpublish(machine, path);
    if (method === 'NodeUnstageVolume') this.#onUnstage(machine, call);
  }

  #onStage(machine: Machine, { volumeId, device = '' }: NodeCall): void {
    const { backend, machines } = this.#options;
    if (!backend.published.has(`${volumeId}@${machine.name}`))
      this.#violate('rel-D4', machine, `${volumeId} is staged, which is not attached`);
    if (machine.volumeAt(device) !== volumeId)
      this.#violate('rel-D7', machine, `${volumeId} is staged from ${device}, which is ${machine.volumeAt(device)}`);
    if (this.#isShared(volumeId)) return;
    for (const other of machines.values())
      if (other !== machine && [...other.mounts.values()].includes(volumeId))
        this.#violate('rel-D1', machine, `${volumeId} is staged while ${other.name} has it mounted`);
  }

  async #onUnpublish(machine: Machine, path: string): Promise<void> {
    for (const { identity, mounts } of await machine.runningContainers())
      if (mounts.some(({ source }) => isWithin(path, source)))
        this.#violate('rel-E2', machine, `${path} is unpublished while ${identity.podName} runs`);
  }

  #onUnstage(machine: Machine, { volumeId, path }: NodeCall): void {
    for (const [where, mounted] of machine.mounts)
      if (mounted === volumeId && where !== path)
        this.#violate('rel-E3', machine, `${volumeId} is unstaged while it is published at ${where}`);
  }

  /** Others rely on the list to know what must not be taken from the node. */
  #onNode(machine: Machine, { status }: Node): void {
    const inUse = new Set(status?.volumesInUse);
    for (const name of new Set([...machine.mounted.values()].flat()))
      if (!inUse.has(name)) this.#violate('rel-E15', machine, `${name} is mounted and not reported as in use`);
  }

  #isShared(volumeId: string): boolean {
    const volume = [...this.#volumes.values()].find(({ spec }) => spec.csi?.volumeHandle === volumeId);
    return volume?.spec.accessModes?.includes('ReadWriteMany') ?? false;
  }

  #violate(id: string, machine: Machine, what: string): void {
    this.#options.violate(id, `${machine.name}: ${what}`);
  }
}
