/** A driver's answer to NodeGetInfo, checked, and what follows from it for the Node and the CSINode. Pure. */
import type { CSINode, CSINodeDriver, Node } from '../../api/index.ts';
import { annNodeId } from '../../component-helpers/index.ts';
import type { NodeGetInfoResponse } from '../../csi/index.ts';
import { RegistrationError } from './registration-error.ts';

export interface DriverNodeInfo {
  readonly driver: string;
  readonly nodeId: string;
  readonly topology: Readonly<Record<string, string>>;
  /** Volumes of the driver that the node can have; undefined without a limit. */
  readonly maxVolumes: number | undefined;
}

/** The CSI specification's limit for node_id. */
const maxNodeIdBytes = 256;
const maxInt32 = 2 ** 31 - 1;

const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelPrefix = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const maxPrefixLength = 253;

function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return labelName.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= maxPrefixLength && labelPrefix.test(prefix) && labelName.test(key.slice(slash + 1));
}

function isLabelValue(value: string): boolean {
  return value === '' || labelName.test(value);
}

/** Throws a RegistrationError for an answer that must not reach the API. */
export function checkNodeInfo(driver: string, response: NodeGetInfoResponse): DriverNodeInfo {
  const { nodeId, maxVolumesPerNode } = response;
  const topology = { ...response.accessibleTopology?.segments };
  if (nodeId === '') throw new RegistrationError(`driver ${driver} reported an empty node id`);
  if (Buffer.byteLength(nodeId) > maxNodeIdBytes) {
    throw new RegistrationError(`driver ${driver} reported a node id of more than ${maxNodeIdBytes} bytes`);
  }
  if (maxVolumesPerNode < 0n) {
    throw new RegistrationError(`driver ${driver} reported a limit of ${maxVolumesPerNode} volumes`);
  }
  for (const [key, value] of Object.entries(topology)) {
    if (isLabelKey(key) && isLabelValue(value)) continue;
    throw new RegistrationError(
      `driver ${driver} reported a topology that is no label: ${JSON.stringify(key)}=${JSON.stringify(value)}`,
    );
  }
  const limit = maxVolumesPerNode > BigInt(maxInt32) ? maxInt32 : Number(maxVolumesPerNode);
  return { driver, nodeId, topology, maxVolumes: limit > 0 ? limit : undefined };
}

function nodeIds(node: Node): Record<string, string> {
  const text = node.metadata.annotations?.[annNodeId];
  if (!text) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...(parsed as Record<string, string>) } : {};
  } catch {
    // Somebody wrote something else there: the drivers that are registered now are written anew.
    return {};
  }
}

/** Metadata of a Node to merge in. An annotation of null is removed. */
export interface NodePatch {
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the Node lacks of the driver's node id and topology, or undefined when it lacks nothing. */
export function nodePatchFor(node: Node, info: DriverNodeInfo): NodePatch | undefined {
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(info.topology)) {
    const present = node.metadata.labels?.[key];
    if (present === value) continue;
    if (present !== undefined) {
      throw new RegistrationError(
        `detected topology value collision: driver reported "${key}":"${value}" but existing label is "${key}":"${present}"`,
      );
    }
    labels[key] = value;
  }
  const ids = nodeIds(node);
  const known = ids[info.driver] === info.nodeId;
  if (known && Object.keys(labels).length === 0) return undefined;
  ids[info.driver] = info.nodeId;
  return { labels, annotations: known ? {} : { [annNodeId]: sortedJson(ids) } };
}

/** What is to be removed from the Node when the driver goes: its node id. Labels stay, volumes may rely on them. */
export function nodePatchWithout(node: Node, driver: string): NodePatch | undefined {
  const ids = nodeIds(node);
  if (!(driver in ids)) return undefined;
  delete ids[driver];
  const empty = Object.keys(ids).length === 0;
  return { labels: {}, annotations: { [annNodeId]: empty ? null : sortedJson(ids) } };
}

function sortedJson(values: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1))));
}

export function csiNodeDriver(info: DriverNodeInfo): CSINodeDriver {
  const topologyKeys = Object.keys(info.topology).sort();
  return {
    name: info.driver,
    nodeID: info.nodeId,
    ...(topologyKeys.length > 0 ? { topologyKeys } : {}),
    ...(info.maxVolumes === undefined ? {} : { allocatable: { count: info.maxVolumes } }),
  };
}

/** The CSINode with the driver in it, or undefined when it has it already. */
export function csiNodeWith(csiNode: CSINode, info: DriverNodeInfo): CSINode | undefined {
  const wanted = csiNodeDriver(info);
  const { drivers } = csiNode.spec;
  const present = drivers.find(({ name }) => name === info.driver);
  if (present && sameDriver(present, wanted)) return undefined;
  const others = drivers.filter(({ name }) => name !== info.driver);
  return { ...csiNode, spec: { ...csiNode.spec, drivers: [...others, wanted] } };
}

export function csiNodeWithout(csiNode: CSINode, driver: string): CSINode | undefined {
  const drivers = csiNode.spec.drivers.filter(({ name }) => name !== driver);
  return drivers.length === csiNode.spec.drivers.length
    ? undefined
    : { ...csiNode, spec: { ...csiNode.spec, drivers } };
}

function sameDriver(left: CSINodeDriver, right: CSINodeDriver): boolean {
  const topology = (driver: CSINodeDriver) => (driver.topologyKeys ?? []).toSorted().join(' ');
  return (
    left.nodeID === right.nodeID &&
    left.allocatable?.count === right.allocatable?.count &&
    topology(left) === topology(right)
  );
}
