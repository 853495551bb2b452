/**
 * What the node agent asks of a container runtime. The process runtime is the first implementation; an OCI bundle
 * runner and a CRI client fit behind the same calls. Ids are chosen by the caller, so that a call whose answer was lost
 * can be repeated. Failures are ContainerRuntimeErrors.
 */
import type { Readable, Writable } from 'node:stream';

/** An image as the runtime finds it on this machine. */
export interface ImageInfo {
  readonly id: string;
  /** Directory that is the container's root before it writes anything. */
  readonly rootDir: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly EnvironmentVariable[];
  readonly workingDir: string;
  /** The image's own user, when it names one by number. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

export type MountPropagationMode = 'private' | 'slave' | 'shared';

/** A file or directory of the host that shows in the container. */
export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Read-only for the mounts below the source too. */
  readonly recursiveReadOnly: boolean;
  readonly propagation: MountPropagationMode;
  /** Refuse to start unless the kernel shows that exactly this directory is mounted at the target. */
  readonly verify: boolean;
}

export interface ContainerDevice {
  readonly source: string;
  readonly target: string;
}

/** Who the container is: what its records are found by after the agent's restart. */
export interface ContainerIdentity {
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly containerName: string;
  /** Counts the restarts of the container within its pod. */
  readonly attempt: number;
  /** Hash of the part of the pod's spec that the container was made from: another one means it must be made anew. */
  readonly specHash: string;
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementalGroups: readonly number[];
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  /** Names without `CAP_`. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly readOnlyRootFilesystem: boolean;
}

export interface ContainerConfig {
  readonly id: string;
  readonly identity: ContainerIdentity;
  readonly image: string;
  readonly imageInfo: ImageInfo;
  readonly args: readonly string[];
  readonly env: readonly EnvironmentVariable[];
  readonly workingDir: string;
  readonly hostname: string;
  readonly hostIpc: boolean;
  readonly user: ContainerUser;
  readonly security: ContainerSecurity;
  readonly mounts: readonly ContainerMount[];
  readonly devices: readonly ContainerDevice[];
  /** Standard output and error go here, in the format of the CRI. Its directory exists. */
  readonly logPath: string;
  /** The file on the host behind the container's termination log. */
  readonly terminationLogPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
}

export interface ContainerRecord {
  readonly id: string;
  readonly identity: ContainerIdentity;
  readonly image: string;
  readonly imageId: string;
  readonly logPath: string;
  readonly terminationLogPath: string;
  readonly createdAtMs: number;
  /** `created`: it is being started, or its start failed half-way and it never ran. */
  readonly state: 'created' | 'running' | 'exited';
  readonly startedAtMs?: number | undefined;
  readonly finishedAtMs?: number | undefined;
  /** 128 plus the signal's number when a signal ended it. */
  readonly exitCode?: number | undefined;
  /** `Completed`, `Error`, `StartError`, `ContainerStatusUnknown`. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** Whether the container has a terminal: its output has one stream and carriage returns. */
  readonly tty: boolean;
  readonly stdin: boolean;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A command that runs in a container. The caller reads both outputs to their end, or kills the session. */
export interface ExecSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** With a terminal everything comes on stdout, and this one ends at once. */
  readonly stderr: Readable;
  /** The exit code: 128 plus the signal's number when a signal ended it. Rejects when it could not be started. */
  readonly exitCode: Promise<number>;
  resize(size: TerminalSize): void;
  kill(): void;
}

/** The streams of a container's first process. They end with the container; destroying them leaves it running. */
export interface AttachSession extends Disposable {
  /** Undefined when the container has no standard input. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** With a terminal everything comes on stdout. */
  readonly stderr: Readable;
  resize(size: TerminalSize): void;
}

export type ContainerRuntimeErrorCode =
  /** No such image, or one without a command to run. */
  | 'ImageUnusable'
  /** The container's file system could not be put together. */
  | 'CreateFailed'
  /** The command could not be started. */
  | 'StartFailed'
  | 'NotFound'
  | 'NotRunning'
  /** The runtime does not answer. */
  | 'Unavailable';

export class ContainerRuntimeError extends Error {
  override readonly name = 'ContainerRuntimeError';
  readonly code: ContainerRuntimeErrorCode;
  constructor(code: ContainerRuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static from(thrown: unknown, code: ContainerRuntimeErrorCode): ContainerRuntimeError {
    if (thrown instanceof ContainerRuntimeError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new ContainerRuntimeError(code, message, { cause: thrown });
  }
}

export interface ContainerRuntime extends AsyncDisposable {
  /** As in node.status.nodeInfo.containerRuntimeVersion: `process://0.1.0`. The part before `:` begins container ids. */
  readonly version: string;
  /** Starts what containers will need, in the background, while their volumes are still on the way. */
  warmUp(): void;
  /** Rejects with `ImageUnusable` when the reference cannot be resolved on this machine. */
  findImage(reference: string): Promise<ImageInfo>;
  /** Resolves when the container's command runs. A container that has this id already is returned as it is. */
  createAndStart(config: ContainerConfig, signal?: AbortSignal): Promise<ContainerRecord>;
  /** Asks the container to end, and kills it when it has not after the grace. Resolves with the ended container. */
  stop(id: string, graceMs: number, options?: { readonly stopSignal?: NodeJS.Signals }): Promise<ContainerRecord>;
  /** Forgets an ended container and what it wrote outside its volumes. Nothing happens for an unknown id. */
  remove(id: string): Promise<void>;
  /** Every container of this node, ended ones included. Rejects while the runtime does not answer. */
  list(): Promise<readonly ContainerRecord[]>;
  exec(id: string, request: ExecRequest): Promise<ExecSession>;
  /** Joins the streams of the container's own command, from now on. Rejects with `NotRunning` for an ended one. */
  attach(id: string): Promise<AttachSession>;
  /** Called when a container has started or ended. */
  onChange(listener: (record: ContainerRecord) => void): Disposable;
}
