/** The command line of the driver, in the shape of upstream's hostpathplugin, and what it means. */
import { type Command, Option } from 'commander';
import { UsageError } from '../../base/index.ts';
import { defaultConfig } from './config.ts';
import type { DelayRange } from './interceptors.ts';
import type { HostpathOptions, NodeEndpoint } from './main.ts';
import { parseBytes } from './quantity.ts';

function parseBoolean(flag: string) {
  return (text: string): boolean => {
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is neither true nor false`);
  };
}

function parseCount(flag: string) {
  return (text: string): number => {
    const count = Number(text);
    if (!Number.isSafeInteger(count) || text.trim() === '') throw new UsageError(`${flag}: ${text} is not a number`);
    return count;
  };
}

function splitPair(flag: string, text: string, shape: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw new UsageError(`${flag}: ${JSON.stringify(text)} is not ${shape}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function addCapacity(text: string, before: ReadonlyMap<string, bigint> = new Map()): ReadonlyMap<string, bigint> {
  const [kind, quantity] = splitPair('--capacity', text, 'KIND=QUANTITY');
  return new Map([...before, [kind, parseBytes('--capacity', quantity)]]);
}

function addNode(text: string, before: readonly NodeEndpoint[] = []): readonly NodeEndpoint[] {
  const [nodeId, endpoint] = splitPair('--node', text, 'NODEID=ENDPOINT');
  return [...before, { nodeId, endpoint }];
}

/** `100` waits 100 ms, `0-500` a random time of that range. */
function parseDelay(text: string): DelayRange {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const minMs = Number(match?.[1]);
  const maxMs = Number(match?.[2] ?? match?.[1]);
  if (!match || maxMs < minMs) throw new UsageError(`--delay: ${JSON.stringify(text)} is not MS or MIN-MAX`);
  return { minMs, maxMs };
}

interface Flags {
  readonly endpoint?: string;
  readonly nodeid?: string;
  readonly node: readonly NodeEndpoint[];
  readonly drivername: string;
  readonly statedir: string;
  readonly maxvolumespernode: number;
  readonly attachLimit: number;
  readonly capacity: ReadonlyMap<string, bigint>;
  readonly maxVolumeSize: bigint;
  readonly maxVolumeSizeNode?: bigint;
  readonly enableAttach: boolean;
  readonly enableTopology: boolean;
  readonly enableListSnapshots: boolean;
  readonly enableVolumeExpansion: boolean;
  readonly disableControllerExpansion: boolean;
  readonly disableNodeExpansion: boolean;
  readonly enableControllerModifyVolume: boolean;
  readonly acceptedMutableParameterNames: readonly string[];
  readonly checkVolumeLifecycle: boolean;
  readonly callLog?: string;
  readonly delay?: DelayRange;
  readonly exitWithParent: boolean;
}

function addSwitch(command: Command, name: string, help: string, byDefault: boolean): void {
  command.option(`--${name} [bool]`, help, parseBoolean(`--${name}`), byDefault);
}

/** Adds the driver's flags to the command. Values that cannot be read throw a UsageError. */
export function addHostpathFlags(command: Command): Command {
  command
    .description('serve the hostpath CSI driver')
    .option('--endpoint <endpoint>', 'socket of the Identity and Controller services')
    .option('--nodeid <id>', 'serve the Node service of this node on --endpoint, too')
    .option(
      '--node <id=endpoint>',
      'serve the Node service of a node on a socket of its own; can be repeated',
      addNode,
      [],
    )
    .option('--drivername <name>', 'name of the driver', defaultConfig.driverName)
    .option('--statedir <dir>', 'directory of volumes, snapshots and state.json', defaultConfig.stateDirectory)
    .option(
      '--maxvolumespernode <count>',
      'limit reported by NodeGetInfo; 0 is none',
      parseCount('--maxvolumespernode'),
      0,
    )
    .option(
      '--attach-limit <count>',
      'attachments per node; 0 any, -1 random from 1 to 10',
      parseCount('--attach-limit'),
      0,
    )
    .option('--capacity <kind=quantity>', 'capacity of a kind of storage; can be repeated', addCapacity, new Map())
    .addOption(
      new Option('--max-volume-size <quantity>', 'largest volume')
        .argParser((text) => parseBytes('--max-volume-size', text))
        // The help is made of JSON, which has no words for a bigint.
        .default(1n << 40n, '1Ti'),
    )
    .option('--max-volume-size-node <quantity>', 'largest volume of NodeExpandVolume', (text) =>
      parseBytes('--max-volume-size-node', text),
    )
    .option(
      '--accepted-mutable-parameter-names <names>',
      'mutable parameters, with commas between; empty accepts all',
      (text) => text.split(',').filter((name) => name !== ''),
      [],
    )
    .option('--call-log <file>', 'append a line of JSON before and after each call')
    .option('--delay <ms>', 'wait before each call: MS or MIN-MAX', parseDelay)
    .option('--exit-with-parent', 'end when standard input ends', false);
  addSwitch(command, 'enable-attach', 'serve ControllerPublishVolume', defaultConfig.enableAttach);
  addSwitch(command, 'enable-topology', 'bind volumes to nodes', defaultConfig.enableTopology);
  addSwitch(command, 'enable-list-snapshots', 'serve ListSnapshots', defaultConfig.enableListSnapshots);
  addSwitch(command, 'enable-volume-expansion', 'serve expansion', true);
  addSwitch(command, 'disable-controller-expansion', 'no ControllerExpandVolume', false);
  addSwitch(command, 'disable-node-expansion', 'no NodeExpandVolume', false);
  addSwitch(command, 'enable-controller-modify-volume', 'serve ControllerModifyVolume', false);
  addSwitch(command, 'check-volume-lifecycle', 'refuse to delete or detach a volume in use', false);
  return command;
}

/** The meaning of the command's flags. Throws a UsageError when they do not go together. */
export function readHostpathFlags(command: Command, vendorVersion: string): HostpathOptions {
  const flags = command.opts<Flags>();
  const { endpoint, nodeid: nodeId, node: nodeEndpoints, callLog, delay, exitWithParent } = flags;
  if (endpoint === undefined && nodeEndpoints.length === 0) throw new UsageError('--endpoint or --node is required');
  const nodeIds = [...(nodeId === undefined ? [] : [nodeId]), ...nodeEndpoints.map((node) => node.nodeId)];
  if (new Set(nodeIds).size !== nodeIds.length) throw new UsageError('--node: a node is named twice');
  const { attachLimit } = flags;
  if (attachLimit < -1) throw new UsageError('--attach-limit: is below -1');
  const config = {
    driverName: flags.drivername,
    vendorVersion,
    stateDirectory: flags.statedir,
    nodeIds,
    maxVolumesPerNode: flags.maxvolumespernode,
    attachLimit,
    capacity: flags.capacity,
    maxVolumeSizeBytes: flags.maxVolumeSize,
    maxVolumeSizeNodeBytes: flags.maxVolumeSizeNode ?? flags.maxVolumeSize,
    enableAttach: flags.enableAttach,
    enableTopology: flags.enableTopology,
    enableListSnapshots: flags.enableListSnapshots,
    enableControllerExpansion: flags.enableVolumeExpansion && !flags.disableControllerExpansion,
    enableNodeExpansion: flags.enableVolumeExpansion && !flags.disableNodeExpansion,
    enableControllerModifyVolume: flags.enableControllerModifyVolume,
    acceptedMutableParameterNames: new Set(flags.acceptedMutableParameterNames),
    checkVolumeLifecycle: flags.checkVolumeLifecycle,
  };
  return { config, endpoint, nodeId, nodeEndpoints, callLog, delay, exitWithParent };
}
