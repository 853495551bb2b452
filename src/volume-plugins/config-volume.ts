/** What configMap, secret, downwardAPI and projected volumes share: an emptyDir that the agent writes files into. */
import type { Pod, Volume } from '../api/index.ts';
import { ifExists } from '../base/index.ts';
import { removeTreeOneFilesystem } from '../mount/index.ts';
import { applyFsGroup } from './apply-fs-group.ts';
import { AtomicWriter, type Payload } from './atomic-writer.ts';
import { setUpEmptyDir, tearDownEmptyDir } from './empty-dir/empty-dir.ts';
import { finalError } from './errors.ts';
import { podVolumeDir } from './paths.ts';
import type { Mounter, MounterArgs, VolumePlugin } from './plugin.ts';
import type { VolumeHost } from './volume-host.ts';
import { specFromVolume, type VolumeSpec } from './volume-spec.ts';

export interface ConfigVolumeKind<S> {
  readonly pluginName: string;
  /** `Memory` for content that must not reach a disk. */
  readonly medium: '' | 'Memory';
  readonly sourceOf: (volume: Volume) => S | undefined;
  /** The volume's field, to rebuild a spec from a directory. */
  readonly emptySource: Partial<Volume>;
  readonly payload: (source: S, pod: Pod, args: MounterArgs) => Promise<Payload>;
}

/** A plugin whose volumes are files that the agent writes, and writes anew when their source changes. */
export function createConfigVolumePlugin<S>(host: VolumeHost, kind: ConfigVolumeKind<S>): VolumePlugin {
  const pathOf = (podUid: string, volumeName: string) =>
    podVolumeDir(host.rootDir, podUid, kind.pluginName, volumeName);
  const find = (spec: VolumeSpec) => (spec.kind === 'inline' ? kind.sourceOf(spec.volume) : undefined);
  return {
    name: kind.pluginName,
    canSupport: (spec) => find(spec) !== undefined,
    getVolumeName: (spec) => spec.name,
    requiresRemount: () => true,
    supportsMountOption: false,
    newMounter: (spec, pod) => {
      const source = find(spec);
      if (!source) throw finalError(`the volume is none of ${kind.pluginName}`);
      return newMounter(host, kind, { source, pod, name: spec.name, path: pathOf(pod.metadata.uid, spec.name) });
    },
    newUnmounter: ({ podUid, volumeName }) => {
      const path = pathOf(podUid, volumeName);
      return { path, tearDown: () => tearDownEmptyDir(host, { path, podUid, markName: `wrapped_${volumeName}` }) };
    },
    constructVolumeSpec: async ({ volumeName }) => ({
      spec: specFromVolume({ name: volumeName, ...kind.emptySource }),
      intact: false,
    }),
  };
}

interface ConfigMount<S> {
  readonly source: S;
  readonly pod: Pod;
  readonly name: string;
  readonly path: string;
}

function newMounter<S>(host: VolumeHost, kind: ConfigVolumeKind<S>, mount: ConfigMount<S>): Mounter {
  const { source, pod, name, path } = mount;
  return {
    path,
    attributes: { readOnly: true, seLinuxRelabel: true },
    setUp: async (args, signal) => {
      // The content first: a source that is missing leaves nothing behind.
      const payload = await kind.payload(source, pod, args);
      await setUpEmptyDir(host, { path, pod, markName: `wrapped_${name}`, medium: kind.medium });
      const { fs, clock, random } = host;
      const removeTree = (entry: string) => removeEntry(host, entry);
      const writer = new AtomicWriter(path, { fs, clock, random, removeTree });
      await writer.write(payload, async () => {
        const { fsGroup } = args;
        if (fsGroup !== undefined) await applyFsGroup(host, { path, fsGroup, readOnly: true, pod }, signal);
      });
    },
  };
}

/** A link or file is unlinked; a directory goes with its content, but never across a mount. */
async function removeEntry(host: VolumeHost, path: string): Promise<void> {
  const stat = await ifExists(host.fs.lstat(path));
  if (stat?.isDirectory()) await removeTreeOneFilesystem(host, path);
  else if (stat) await ifExists(host.fs.unlink(path));
}
