import { finalError } from '../errors.ts';
import type { VolumePlugin } from '../plugin.ts';

/** gitRepo ran git on the node as root. It is off, as upstream, and no flag turns it on. */
export function createGitRepoPlugin(): VolumePlugin {
  const disabled = () => {
    throw finalError(
      'git-repo volume plugin has been disabled; if necessary, it may be re-enabled by enabling the feature-gate `GitRepoVolumeDriver`',
    );
  };
  return {
    name: 'kubernetes.io/git-repo',
    canSupport: (spec) => spec.kind === 'inline' && spec.volume.gitRepo !== undefined,
    getVolumeName: (spec) => spec.name,
    requiresRemount: () => false,
    supportsMountOption: false,
    newMounter: disabled,
    newUnmounter: () => ({ path: '', tearDown: async () => {} }),
    constructVolumeSpec: async () => disabled(),
  };
}
