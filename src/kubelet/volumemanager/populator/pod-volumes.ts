/** What a pod's spec says about its volumes. Pure. */
import type { Container, EphemeralContainer, Pod } from '../../../api/index.ts';

export interface UsedVolumes {
  /** Names in volumeMounts. */
  readonly mounts: ReadonlySet<string>;
  /** Names in volumeDevices. */
  readonly devices: ReadonlySet<string>;
}

/** The volumes that any container uses. Others are not set up. */
export function usedVolumes(pod: Pod): UsedVolumes {
  const mounts = new Set<string>();
  const devices = new Set<string>();
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const all: readonly (Container | EphemeralContainer)[] = [...containers, ...initContainers, ...ephemeralContainers];
  for (const container of all) {
    for (const { name } of container.volumeMounts ?? []) mounts.add(name);
    for (const { name } of container.volumeDevices ?? []) devices.add(name);
  }
  return { mounts, devices };
}

/** The outer names of the pod's volumes that the volume manager must make ready. The runtime mounts images itself. */
export function expectedVolumes(pod: Pod): readonly string[] {
  const { mounts, devices } = usedVolumes(pod);
  const volumes = (pod.spec.volumes ?? []).filter((volume) => volume.image === undefined);
  return volumes.map((volume) => volume.name).filter((name) => mounts.has(name) || devices.has(name));
}

/** The uid that every container runs as, when they all say the same one. */
export function fsUserOf(pod: Pod): number | undefined {
  const podUser = pod.spec.securityContext?.runAsUser;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const users = new Set(containers.map((container) => container.securityContext?.runAsUser ?? podUser));
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
