/** What a FlexVolume driver answers: one JSON object. Upstream: pkg/volume/flexvolume/driver-call.go DriverStatus. */
import { findJsonProblem } from './json-syntax.ts';

export interface DriverCapabilities {
  /** Volumes are attached to nodes and have a device step. */
  readonly attach: boolean;
  readonly seLinuxRelabel: boolean;
  readonly supportsMetrics: boolean;
  /** The agent gives the volume to the pod's group. */
  readonly fsGroup: boolean;
  /** The node has a part in growing a volume. */
  readonly requiresFsResize: boolean;
}

/** What holds where a driver says nothing. */
export const defaultCapabilities: DriverCapabilities = {
  attach: true,
  seLinuxRelabel: true,
  supportsMetrics: false,
  fsGroup: true,
  requiresFsResize: true,
};

export interface DriverStatus {
  /** `Success`, `Failure`, `Not supported`, or whatever the driver wrote. */
  readonly status: string;
  readonly message: string;
  readonly device: string;
  readonly attached: boolean;
  readonly capabilities: DriverCapabilities;
}

/** The output is not what a driver may answer; the message is that of Go's decoder. */
export class DriverOutputError extends Error {
  override readonly name = 'DriverOutputError';
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws DriverOutputError */
export function parseDriverStatus(output: string): DriverStatus {
  const problem = findJsonProblem(output);
  if (problem !== undefined) throw new DriverOutputError(problem);
  const fields = fieldsOf(JSON.parse(output), 'Go value of type flexvolume.DriverStatus');
  const text = (name: string) => readField(fields, name, 'string', 'string', '');
  // Read although nobody needs them: upstream refuses the answer when they are of another type.
  text('volumeName');
  checkSize(readField(fields, 'volumeNewSize', 'number', 'int64', 0));
  return {
    status: text('status'),
    message: text('message'),
    device: text('device'),
    attached: readField(fields, 'attached', 'boolean', 'bool', false),
    capabilities: readCapabilities(findField(fields, 'capabilities')),
  };
}

function readCapabilities(value: unknown): DriverCapabilities {
  const fields = fieldsOf(value, 'Go struct field DriverStatus.Capabilities of type flexvolume.DriverCapabilities');
  const { attach, seLinuxRelabel, supportsMetrics, fsGroup, requiresFsResize } = defaultCapabilities;
  const flag = (name: string, fallback: boolean) =>
    readField(fields, name, 'boolean', 'bool', fallback, 'DriverStatus.Capabilities');
  return {
    attach: flag('attach', attach),
    seLinuxRelabel: flag('selinuxRelabel', seLinuxRelabel),
    supportsMetrics: flag('supportsMetrics', supportsMetrics),
    fsGroup: flag('fsGroup', fsGroup),
    requiresFsResize: flag('requiresFSResize', requiresFsResize),
  };
}

/** Null stands for nothing said, as in Go. */
function fieldsOf(value: unknown, target: string): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, target);
  return value as Fields;
}

/** Go takes field names in any case; the last one counts. */
function findField(fields: Fields, name: string): unknown {
  const wanted = name.toLowerCase();
  return Object.entries(fields).findLast(([key]) => key.toLowerCase() === wanted)?.[1];
}

interface JsonTypes {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

function readField<K extends keyof JsonTypes>(
  fields: Fields,
  name: string,
  type: K,
  goType: string,
  fallback: JsonTypes[K],
  struct = 'DriverStatus',
): JsonTypes[K] {
  const value = findField(fields, name);
  if (value === undefined || value === null) return fallback;
  if (typeof value !== type) throw mismatch(value, `Go struct field ${struct}.${name} of type ${goType}`);
  return value as JsonTypes[K];
}

function checkSize(size: number): void {
  if (Number.isInteger(size) && Math.abs(size) < 2 ** 63) return;
  throw new DriverOutputError(
    `json: cannot unmarshal number ${size} into Go struct field DriverStatus.volumeNewSize of type int64`,
  );
}

function mismatch(value: unknown, target: string): DriverOutputError {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return new DriverOutputError(`json: cannot unmarshal ${kind} into ${target}`);
}
