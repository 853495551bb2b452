import type { ActualVolume, PodMount } from '../cache/actual-state-of-world.ts';
import type { DesiredPodVolume, DesiredVolume } from '../cache/desired-state-of-world.ts';

/** A volume that is to come into a pod. */
export interface MountTarget {
  readonly desired: DesiredVolume;
  readonly actual: ActualVolume;
  readonly podKey: string;
  readonly pod: DesiredPodVolume;
}

/** A volume that is to leave a pod. */
export interface UnmountTarget {
  readonly volume: ActualVolume;
  readonly podKey: string;
  readonly mount: PodMount;
}

/** The record of a mount that is as the pod wants it. */
export function podMountOf({ pod }: Pick<MountTarget, 'pod'>): PodMount {
  return {
    podUid: pod.pod.metadata.uid,
    pod: pod.pod,
    spec: pod.spec,
    outerVolumeNames: pod.outerVolumeNames,
    state: 'mounted',
    reconstructed: false,
    intact: false,
    remountRequired: false,
    path: '',
    blockDevicePath: undefined,
    attributes: { readOnly: false, seLinuxRelabel: false },
    gid: pod.gid,
  };
}
