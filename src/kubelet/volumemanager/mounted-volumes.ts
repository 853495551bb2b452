/** What the pod side is told about mounted volumes. Pure views of the actual state. */
import type { Pod } from '../../api/index.ts';
import type { ActualStateOfWorld, ActualVolume, PodMount } from './cache/actual-state-of-world.ts';
import type { MountedVolume, OuterVolumeName, PodUid } from './volume-manager.ts';

function view(volume: ActualVolume, mount: PodMount, outerVolumeName: OuterVolumeName): MountedVolume {
  const { path, blockDevicePath, attributes, spec } = mount;
  return {
    outerVolumeName,
    innerVolumeName: spec.name,
    uniqueVolumeName: volume.name,
    pluginName: volume.plugin.name,
    path,
    ...(blockDevicePath === undefined ? {} : { blockDevicePath }),
    ...attributes,
  };
}

function viewsOf(
  actual: ActualStateOfWorld,
  podUid: PodUid,
  wanted: (mount: PodMount) => boolean,
): ReadonlyMap<OuterVolumeName, MountedVolume> {
  const views = new Map<OuterVolumeName, MountedVolume>();
  for (const { volume, mount } of actual.mountsOfPod(podUid)) {
    if (!wanted(mount)) continue;
    // A mount found on disk has no outer name until its pod is seen.
    const names = mount.outerVolumeNames.size > 0 ? mount.outerVolumeNames : [mount.spec.name];
    for (const name of names) views.set(name, view(volume, mount, name));
  }
  return views;
}

export function mountedVolumesOfPod(actual: ActualStateOfWorld, podUid: PodUid) {
  return viewsOf(actual, podUid, (mount) => mount.state === 'mounted');
}

export function possiblyMountedVolumesOfPod(actual: ActualStateOfWorld, podUid: PodUid) {
  return viewsOf(actual, podUid, () => true);
}

/** The group ids that the pod's volumes bring along and the pod does not have already. */
export function extraSupplementalGroups(actual: ActualStateOfWorld, pod: Pod): readonly number[] {
  const own = new Set(pod.spec.securityContext?.supplementalGroups ?? []);
  const extra = new Set<number>();
  for (const { mount } of actual.mountsOfPod(pod.metadata.uid)) {
    const gid = mount.gid !== undefined && /^\d+$/.test(mount.gid) ? Number(mount.gid) : undefined;
    if (gid !== undefined && !own.has(gid)) extra.add(gid);
  }
  return [...extra];
}

/** Whether a volume is or may be in a pod, or on the node for pods to come. */
export function holdsVolumes(actual: ActualStateOfWorld): boolean {
  return [...actual.list()].some(({ pods, device }) => pods.size > 0 || device !== 'notMounted');
}
