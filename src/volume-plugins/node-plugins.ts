import { createConfigMapPlugin } from './config-map/config-map-plugin.ts';
import { createCsiPlugin } from './csi/csi-plugin.ts';
import { createDownwardApiPlugin } from './downward-api/downward-api-plugin.ts';
import { createEmptyDirPlugin } from './empty-dir/empty-dir-plugin.ts';
import { createGitRepoPlugin } from './git-repo/git-repo-plugin.ts';
import { createHostPathPlugin } from './host-path/host-path-plugin.ts';
import { createLocalPlugin } from './local/local-plugin.ts';
import { createNfsPlugin } from './nfs/nfs-plugin.ts';
import type { VolumePlugin } from './plugin.ts';
import { createProjectedPlugin } from './projected/projected-plugin.ts';
import { createSecretPlugin } from './secret/secret-plugin.ts';
import type { VolumeHost } from './volume-host.ts';

/** Every plugin of a node. Sources that upstream has removed match none of them. */
export function createNodePlugins(host: VolumeHost): readonly VolumePlugin[] {
  return [
    createEmptyDirPlugin(host),
    createGitRepoPlugin(),
    createHostPathPlugin(host),
    createNfsPlugin(host),
    createSecretPlugin(host),
    createDownwardApiPlugin(host),
    createConfigMapPlugin(host),
    createProjectedPlugin(host),
    createLocalPlugin(host),
    createCsiPlugin(host),
  ];
}
