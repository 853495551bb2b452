/** The configuration of a cluster, complete: parsed once, nothing below reads flags or the environment. */
import { join, resolve } from 'node:path';
import { messageOf, UsageError } from '../base/index.ts';
import { defaultFlexVolumeDir } from '../volume-plugins/index.ts';
import { type FeatureGates, parseFeatureGates } from './flags/feature-gates.ts';
import { kubernetesGates } from './flags/kubernetes-gates.ts';

export interface UpFlags {
  readonly dataDir?: string;
  readonly rootDir?: string;
  readonly listen?: string;
  readonly kubeconfig?: string;
  readonly nodes?: string;
  readonly runtime?: string;
  readonly defaultDrivers?: boolean;
  readonly csiDriver?: readonly string[];
  readonly volumePluginDir?: string;
  readonly driverArg?: readonly string[];
  readonly enableHostpathProvisioner?: boolean;
  readonly featureGates?: readonly string[];
  readonly verbosity?: string;
  readonly loggingFormat?: string;
}

export interface ExternalDriver {
  readonly socket: string;
  /** Only on this node; undefined: on every node. */
  readonly node: string | undefined;
}

export interface ClusterOptions {
  readonly dataDir: string;
  /** Each node's kubelet keeps its files in a folder of its own below this. */
  readonly rootDir: string;
  readonly host: string;
  /** undefined: 6443, or any free port when it is taken. */
  readonly port: number | undefined;
  readonly kubeconfig: string;
  readonly nodeNames: readonly string[];
  readonly defaultDrivers: boolean;
  readonly externalDrivers: readonly ExternalDriver[];
  /** Where FlexVolume drivers are installed, for nodes and controllers. */
  readonly volumePluginDir: string;
  /** Passed on to the bundled hostpath driver. */
  readonly driverArgs: readonly string[];
  /** Whether claims of `kubernetes.io/host-path` get directories below /tmp. */
  readonly hostPathProvisioner: boolean;
  readonly featureGates: FeatureGates;
  readonly verbosity: number;
  readonly logFormat: 'text' | 'json';
}

export interface Surroundings {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A unix socket's path may be this long; longer ones are cut silently by the system. */
const longestSocketPath = 107;

/** The longest socket path below a kubelet's directory: that of a driver with a name of usual length. */
const longestSocketBelowRoot = '/plugins_registry/hostpath.csi.k8s.io-reg.sock';

const nodeLimit = 1000;

/** Throws a UsageError for a user whose mounts and namespaces the kernel would refuse later, one by one. */
export function requireRoot(command: string, uid: number): void {
  if (uid === 0) return;
  throw new UsageError(`${command}: needs root, for it mounts volumes and runs containers; this is user ${uid}`);
}

function checkNotEmpty(flag: string, text: string | undefined): void {
  if (text === '') throw new UsageError(`${flag}: is empty`);
}

function defaultDataDir({ uid, env }: Surroundings): string {
  if (uid === 0) return '/var/lib/stowage';
  const home = env.HOME;
  if (!home && !env.XDG_STATE_HOME) throw new UsageError('--data-dir: needed, because HOME is not set');
  return join(env.XDG_STATE_HOME ?? join(home ?? '', '.local', 'state'), 'stowage');
}

function parseListen(listen: string | undefined): { host: string; port: number | undefined } {
  if (listen === undefined) return { host: '127.0.0.1', port: undefined };
  const match = /^(?:\[(.*)\]|(.*)):(\d+)$/.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new UsageError(`--listen: "${listen}" is not HOST:PORT`);
  return { host: match[1] || match[2] || '127.0.0.1', port };
}

function parseCount(flag: string, text: string, lowest: number, highest: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < lowest || count > highest) {
    throw new UsageError(`${flag}: "${text}" is not a number from ${lowest} to ${highest}`);
  }
  return count;
}

function parseDriver(text: string): ExternalDriver {
  const match = /^(?:([a-z0-9][-a-z0-9.]*)=)?(.+)$/.exec(text);
  const socket = match?.[2]?.replace(/^unix:(\/\/)?/, '');
  if (!socket) throw new UsageError(`--csi-driver: "${text}" is not SOCKET or NODE=SOCKET`);
  return { node: match?.[1], socket: resolve(socket) };
}

function parseGates(written: readonly string[]): FeatureGates {
  try {
    return parseFeatureGates(kubernetesGates, written.join(','));
  } catch (cause) {
    throw new UsageError(`--feature-gates: ${messageOf(cause)}`, { cause });
  }
}

function checkSocketLength(flag: string, directory: string): void {
  const excess = Buffer.byteLength(join(directory, longestSocketBelowRoot)) - longestSocketPath;
  if (excess > 0)
    throw new UsageError(`${flag}: ${directory} is ${excess} bytes too long for the unix sockets below it`);
}

export function parseUpFlags(flags: UpFlags, surroundings: Surroundings): ClusterOptions {
  checkNotEmpty('--data-dir', flags.dataDir);
  checkNotEmpty('--root-dir', flags.rootDir);
  checkNotEmpty('--kubeconfig', flags.kubeconfig);
  checkNotEmpty('--volume-plugin-dir', flags.volumePluginDir);
  const dataDir = resolve(flags.dataDir ?? defaultDataDir(surroundings));
  const rootDir = resolve(flags.rootDir ?? join(dataDir, 'kubelet'));
  const count = parseCount('--nodes', flags.nodes ?? '1', 1, nodeLimit);
  const nodeNames = Array.from({ length: count }, (_, index) => `node-${index}`);
  const runtime = flags.runtime ?? 'process';
  if (runtime !== 'process') throw new UsageError(`--runtime: "${runtime}" is not supported; use process`);
  const logFormat = flags.loggingFormat ?? 'text';
  if (logFormat !== 'text' && logFormat !== 'json') {
    throw new UsageError(`--logging-format: "${logFormat}" is not text or json`);
  }
  for (const name of nodeNames) checkSocketLength(flags.rootDir ? '--root-dir' : '--data-dir', join(rootDir, name));
  const externalDrivers = (flags.csiDriver ?? []).map(parseDriver);
  for (const { node } of externalDrivers) {
    if (node !== undefined && !nodeNames.includes(node))
      throw new UsageError(`--csi-driver: there is no node "${node}"`);
  }
  return {
    ...parseListen(flags.listen),
    dataDir,
    rootDir,
    kubeconfig: resolve(flags.kubeconfig ?? join(dataDir, 'kubeconfig')),
    nodeNames,
    defaultDrivers: flags.defaultDrivers ?? true,
    externalDrivers,
    volumePluginDir: resolve(flags.volumePluginDir ?? defaultFlexVolumeDir),
    driverArgs: flags.driverArg ?? [],
    hostPathProvisioner: flags.enableHostpathProvisioner ?? false,
    featureGates: parseGates(flags.featureGates ?? []),
    verbosity: parseCount('-v', flags.verbosity ?? '2', 0, 10),
    logFormat,
  };
}
