/** NFS exports mounted by the agent itself. Upstream: pkg/volume/nfs/nfs.go. */
import type { NFSVolumeSource } from '../../api/index.ts';
import { isAbort } from '../../base/index.ts';
import { cleanupMountPoint } from '../../mount/index.ts';
import { finalError } from '../errors.ts';
import { joinMountOptions } from '../mount-options.ts';
import { podVolumeDir } from '../paths.ts';
import type { VolumePlugin } from '../plugin.ts';
import type { VolumeHost } from '../volume-host.ts';
import { reconstructedVolume, sourceOf, specFromPersistentVolume, type VolumeSpec } from '../volume-spec.ts';

export const nfsPluginName = 'kubernetes.io/nfs';

/** After this an unmount no longer waits for the server. */
const gentleUnmountMs = 60_000;

/** `server:path`, with the brackets that an IPv6 address needs. */
export function nfsSource({ server, path }: Pick<NFSVolumeSource, 'server' | 'path'>): string {
  return server.includes(':') && !server.startsWith('[') ? `[${server}]:${path}` : `${server}:${path}`;
}

function nfsOf(spec: VolumeSpec): NFSVolumeSource {
  const source = sourceOf(spec, 'nfs');
  if (!source) throw finalError('the volume is no NFS volume');
  return source;
}

export function createNfsPlugin(host: VolumeHost): VolumePlugin {
  const pathOf = (podUid: string, name: string) => podVolumeDir(host.rootDir, podUid, nfsPluginName, name);
  return {
    name: nfsPluginName,
    canSupport: (spec) => sourceOf(spec, 'nfs') !== undefined,
    getVolumeName: (spec) => `${nfsOf(spec).server}/${nfsOf(spec).path}`,
    requiresRemount: () => false,
    supportsMountOption: true,
    newMounter: (spec, pod) => {
      const path = pathOf(pod.metadata.uid, spec.name);
      const readOnly = spec.readOnly || (nfsOf(spec).readOnly ?? false);
      return {
        path,
        attributes: { readOnly, seLinuxRelabel: false },
        setUp: (_args, signal) => mountExport(host, { spec, path, readOnly }, signal),
      };
    },
    newUnmounter: ({ podUid, volumeName }) => {
      const path = pathOf(podUid, volumeName);
      return { path, tearDown: (signal) => unmountExport(host, path, signal) };
    },
    constructVolumeSpec: async ({ volumeName }) => {
      const nfs = { server: '', path: '/' };
      return { spec: specFromPersistentVolume(reconstructedVolume(volumeName, { nfs }), false), intact: false };
    },
  };
}

interface ExportMount {
  readonly spec: VolumeSpec;
  readonly path: string;
  readonly readOnly: boolean;
}

async function mountExport(
  host: VolumeHost,
  { spec, path, readOnly }: ExportMount,
  signal: AbortSignal,
): Promise<void> {
  const source = nfsSource(nfsOf(spec));
  const present = (await host.mounter.listMounts()).findLast((mount) => mount.path === path);
  if (present) {
    if (present.source === source) return;
    throw finalError(`${path} is mounted from ${present.source}, not from ${source}`);
  }
  await host.fs.mkdir(path, { recursive: true, mode: 0o750 });
  const options = joinMountOptions(spec, readOnly ? ['ro'] : []);
  try {
    await host.mounter.mount({ source, target: path, fsType: 'nfs', options }, signal);
  } catch (thrown) {
    // The command may have mounted before it was killed: clean-up looks at the mount table.
    await cleanupMountPoint(host, path, { force: true }).catch(() => {});
    throw thrown;
  }
}

async function unmountExport(host: VolumeHost, path: string, signal: AbortSignal): Promise<void> {
  const gentle = new AbortController();
  using timer = host.clock.setTimer(gentleUnmountMs, () => gentle.abort());
  void timer;
  try {
    await cleanupMountPoint(host, path, { signal: AbortSignal.any([signal, gentle.signal]) });
  } catch (thrown) {
    if (signal.aborted || !isAbort(thrown)) throw thrown;
    await cleanupMountPoint(host, path, { force: true, signal });
  }
}
