/** Which volumes must be attached to which nodes, and for which pods. Filled from pods; answers by volume and by node. */
import { keyOf, type Pod } from '../../api/index.ts';
import type { WantedVolume } from './pod-volumes.ts';

interface PodEntry {
  pod: Pod;
  readonly node: string;
  readonly wanted: readonly WantedVolume[];
}

export class DesiredStateOfWorld {
  readonly #pods = new Map<string, PodEntry>();
  /** Volume name, then node name, then pod key. */
  readonly #volumes = new Map<string, Map<string, Map<string, PodEntry>>>();

  /** Replaces what the pod wants and returns the names of the volumes that it wants now or no longer. */
  setPod(pod: Pod, wanted: readonly WantedVolume[]): readonly string[] {
    const key = keyOf(pod);
    const before = this.#pods.get(key);
    const node = pod.spec.nodeName;
    if (before && before.node === node && sameVolumes(before.wanted, wanted)) {
      before.pod = pod;
      return [];
    }
    const touched = new Set(this.deletePod(key));
    if (!node || wanted.length === 0) return [...touched];
    const entry: PodEntry = { pod, node, wanted };
    this.#pods.set(key, entry);
    for (const { volumeName } of wanted) {
      touched.add(volumeName);
      const nodes = getOrAdd(this.#volumes, volumeName, () => new Map<string, Map<string, PodEntry>>());
      getOrAdd(nodes, node, () => new Map<string, PodEntry>()).set(key, entry);
    }
    return [...touched];
  }

  deletePod(key: string): readonly string[] {
    const entry = this.#pods.get(key);
    if (!entry) return [];
    this.#pods.delete(key);
    for (const { volumeName } of entry.wanted) {
      const nodes = this.#volumes.get(volumeName);
      const pods = nodes?.get(entry.node);
      pods?.delete(key);
      if (pods?.size === 0) nodes?.delete(entry.node);
      if (nodes?.size === 0) this.#volumes.delete(volumeName);
    }
    return entry.wanted.map(({ volumeName }) => volumeName);
  }

  isWanted(volumeName: string, node: string): boolean {
    return this.#volumes.get(volumeName)?.has(node) ?? false;
  }

  /** Every volume that a pod wants anywhere. */
  volumeNames(): Iterable<string> {
    return this.#volumes.keys();
  }

  nodesWanting(volumeName: string): readonly string[] {
    return [...(this.#volumes.get(volumeName)?.keys() ?? [])];
  }

  /** The pods that want the volume on the node, in the order of their keys. */
  podsWanting(volumeName: string, node: string): readonly Pod[] {
    const pods = this.#volumes.get(volumeName)?.get(node);
    return pods ? [...pods].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, { pod }]) => pod) : [];
  }

  /** The volume as the pods on the node know it. */
  wantedOn(volumeName: string, node: string): WantedVolume | undefined {
    for (const { wanted } of this.#volumes.get(volumeName)?.get(node)?.values() ?? []) {
      return wanted.find((volume) => volume.volumeName === volumeName);
    }
    return undefined;
  }

  /** Pairs of a volume and a node. */
  *volumesToAttach(): Iterable<{ readonly volumeName: string; readonly node: string }> {
    for (const [volumeName, nodes] of this.#volumes) for (const node of nodes.keys()) yield { volumeName, node };
  }
}

function getOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function sameVolumes(left: readonly WantedVolume[], right: readonly WantedVolume[]): boolean {
  return left.length === right.length && left.every((volume, index) => sameVolume(volume, right[index]));
}

function sameVolume(left: WantedVolume, right: WantedVolume | undefined): boolean {
  if (left.volumeName !== right?.volumeName) return false;
  return left.name === right.name && left.exclusive === right.exclusive;
}
