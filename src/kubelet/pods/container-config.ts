/** Everything the runtime needs to start a container, from its spec, its pod and its volumes. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Container, Pod } from '../../api/index.ts';
import type { ContainerConfig, ContainerMount, EnvironmentVariable, ImageInfo } from '../runtime/runtime.ts';
import { ContainerError } from './container-error.ts';
import { containerEnvironment } from './environment.ts';
import { expand } from './expand.ts';
import type { PodContext } from './pod-context.ts';
import { hostnameOf } from './pod-directories.ts';
import { containerDir, containerLogPath, etcHostsPath, hostnamePath } from './pod-paths.ts';
import { containerSecurity, containerUser } from './security.ts';
import { containerDevices, containerMounts } from './volume-mounts.ts';

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Changes when the container has to be made anew. Upstream: the hash covers what may change in place, the image. */
export function containerSpecHash(container: Container): string {
  const { image, command, args } = container;
  return createHash('sha256')
    .update(JSON.stringify([image, command, args]))
    .digest('hex')
    .slice(0, 16);
}

function initialEnvironment(pod: Pod, image: ImageInfo, tty: boolean): EnvironmentVariable[] {
  return [
    { name: 'PATH', value: defaultPath },
    { name: 'HOSTNAME', value: hostnameOf(pod) },
    { name: 'HOME', value: (image.uid ?? 0) === 0 ? '/root' : '/' },
    ...(tty ? [{ name: 'TERM', value: 'xterm' }] : []),
    ...image.env,
  ];
}

/** The command line, as Docker's ENTRYPOINT and CMD are overridden. */
function argumentsOf(container: Container, image: ImageInfo, env: readonly EnvironmentVariable[]): string[] {
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const expanded = (words: readonly string[]) => words.map((word) => expand(word, (name) => values.get(name)));
  const hasCommand = (container.command?.length ?? 0) > 0;
  const entrypoint = hasCommand ? expanded(container.command ?? []) : image.entrypoint;
  const args = container.args?.length ? expanded(container.args) : hasCommand ? [] : image.command;
  const all = [...entrypoint, ...args];
  if (all.length === 0) {
    throw new ContainerError(
      'CreateContainerError',
      `no command specified: image ${JSON.stringify(container.image ?? '')} is not loaded on this node, so nothing tells what container "${container.name}" is to run`,
    );
  }
  return all;
}

/** An empty file that the container's termination message is read from. */
async function makeTerminationLog(context: PodContext, pod: Pod, container: Container, id: string): Promise<string> {
  const { fs, rootDir } = context;
  const directory = containerDir(rootDir, pod.metadata.uid, container.name);
  await fs.mkdir(directory, { recursive: true, mode: 0o755 });
  const path = join(directory, id.slice(0, 8));
  await fs.writeFile(path, '');
  // Any user of the container may write it, whatever the umask.
  await fs.chmod(path, 0o666);
  return path;
}

function fileMount(source: string, target: string): ContainerMount {
  return { source, target, readOnly: false, recursiveReadOnly: false, propagation: 'private', verify: false };
}

/** The files that the node puts into every container, unless a volume is mounted there. */
async function ownMounts(context: PodContext, pod: Pod, terminationLog: ContainerMount): Promise<ContainerMount[]> {
  const { rootDir, fs } = context;
  const { uid } = pod.metadata;
  const resolvConf = await fs.realpath('/etc/resolv.conf').catch(() => undefined);
  return [
    fileMount(etcHostsPath(rootDir, uid), '/etc/hosts'),
    fileMount(hostnamePath(rootDir, uid), '/etc/hostname'),
    ...(resolvConf ? [{ ...fileMount(resolvConf, '/etc/resolv.conf'), readOnly: true }] : []),
    terminationLog,
  ];
}

export interface ContainerRequest {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: ImageInfo;
  readonly attempt: number;
  readonly id: string;
}

/** Rejects with a ContainerError that says what is wrong with the spec or what it refers to. */
export async function containerConfig(context: PodContext, request: ContainerRequest): Promise<ContainerConfig> {
  const { volumeManager, rootDir, fs } = context;
  const { pod, container, image, attempt, id } = request;
  const { uid } = pod.metadata;
  const initial = initialEnvironment(pod, image, container.tty ?? false);
  const env = await containerEnvironment(context, pod, container, initial);
  const args = argumentsOf(container, image, env);
  const user = containerUser(pod, container, image, volumeManager.getExtraSupplementalGroupsForPod(pod));
  const input = { pod, container, volumes: volumeManager.getMountedVolumesForPod(uid), env };
  const volumes = await containerMounts(context, input);
  const devices = containerDevices(input);
  const terminationLogPath = await makeTerminationLog(context, pod, container, id);
  const terminationLog = fileMount(terminationLogPath, container.terminationMessagePath ?? '/dev/termination-log');
  const own = await ownMounts(context, pod, terminationLog);
  const taken = new Set(volumes.map(({ target }) => target));
  const logPath = containerLogPath(rootDir, pod, container.name, attempt);
  await fs.mkdir(join(logPath, '..'), { recursive: true, mode: 0o755 });
  return {
    id,
    identity: {
      podUid: uid,
      podNamespace: pod.metadata.namespace ?? '',
      podName: pod.metadata.name,
      containerName: container.name,
      attempt,
      specHash: containerSpecHash(container),
    },
    image: container.image ?? '',
    imageInfo: image,
    args,
    env,
    workingDir: container.workingDir || image.workingDir || '/',
    hostname: hostnameOf(pod),
    hostIpc: pod.spec.hostIPC ?? false,
    user,
    security: containerSecurity(container),
    mounts: [...own.filter(({ target }) => !taken.has(target)), ...volumes],
    devices,
    logPath,
    terminationLogPath,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
  };
}
