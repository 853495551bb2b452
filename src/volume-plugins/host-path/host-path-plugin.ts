import { finalError } from '../errors.ts';
import type { VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { sourceOf, type VolumeSpec } from '../volume-spec.ts';
import { checkHostPath } from './host-path-type.ts';

export const hostPathPluginName = 'kubernetes.io/host-path';

/** Shows a path of the host as it is. Nothing is mounted and nothing is ever deleted. */
export function createHostPathPlugin(host: VolumeHost): VolumePlugin {
  return {
    name: hostPathPluginName,
    canSupport: (spec) => sourceOf(spec, 'hostPath') !== undefined,
    getVolumeName: (spec) => hostPathOf(spec).path,
    requiresRemount: () => false,
    supportsMountOption: false,
    newMounter: (spec) => {
      const { path, type = '' } = hostPathOf(spec);
      return {
        path,
        attributes: { readOnly: spec.readOnly, seLinuxRelabel: false },
        setUp: () => checkHostPath(host.fs, path, type),
      };
    },
    newUnmounter: () => ({ path: '', tearDown: async () => {} }),
    constructVolumeSpec: async () => {
      throw finalError('hostPath volumes leave no directory');
    },
  };
}

function hostPathOf(spec: VolumeSpec) {
  const source = sourceOf(spec, 'hostPath');
  if (!source) throw finalError('the volume is no hostPath');
  if (source.path.split('/').includes('..')) throw finalError(`path must not contain '..': ${source.path}`);
  return source;
}
