import { applyFsGroup } from '../apply-fs-group.ts';
import { finalError } from '../errors.ts';
import { podVolumeDir } from '../paths.ts';
import type { VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { specFromVolume } from '../volume-spec.ts';
import { emptyDirPluginName, setUpEmptyDir, tearDownEmptyDir } from './empty-dir.ts';

export function createEmptyDirPlugin(host: VolumeHost): VolumePlugin {
  const pathOf = (podUid: string, volumeName: string) =>
    podVolumeDir(host.rootDir, podUid, emptyDirPluginName, volumeName);
  return {
    name: emptyDirPluginName,
    canSupport: (spec) => spec.kind === 'inline' && spec.volume.emptyDir !== undefined,
    getVolumeName: (spec) => spec.name,
    requiresRemount: () => false,
    supportsMountOption: false,
    newMounter: (spec, pod) => {
      const source = spec.kind === 'inline' ? spec.volume.emptyDir : undefined;
      if (!source) throw finalError('the volume is no emptyDir');
      const path = pathOf(pod.metadata.uid, spec.name);
      const { medium = '', sizeLimit } = source;
      return {
        path,
        attributes: { readOnly: false, seLinuxRelabel: true },
        setUp: async ({ fsGroup, fsGroupChangePolicy }, signal) => {
          const fresh = await setUpEmptyDir(host, { path, pod, markName: spec.name, medium, sizeLimit });
          if (!fresh || fsGroup === undefined) return;
          await applyFsGroup(host, { path, fsGroup, fsGroupChangePolicy, readOnly: false, pod }, signal);
        },
      };
    },
    newUnmounter: ({ podUid, volumeName }) => {
      const path = pathOf(podUid, volumeName);
      return { path, tearDown: () => tearDownEmptyDir(host, { path, podUid, markName: volumeName }) };
    },
    constructVolumeSpec: async ({ volumeName }) => ({
      spec: specFromVolume({ name: volumeName, emptyDir: {} }),
      // setUp is cheap and finds out itself what is there.
      intact: false,
    }),
  };
}
