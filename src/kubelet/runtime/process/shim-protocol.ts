/** What the node agent and the shim say to each other over the shim's socket, one JSON text per line. */
import type { ContainerRecord, ContainerRuntimeErrorCode, TerminalSize } from '../runtime.ts';
import type { ContainerSpec, LaunchDetails } from './container-spec.ts';
import type { LogStream } from './cri-log.ts';

export interface ShimMethods {
  /** Who connects: events of its containers come over this connection from now on. */
  hello: { params: { owner: string }; result: { records: readonly ContainerRecord[] } };
  start: { params: { spec: ContainerSpec }; result: { record: ContainerRecord } };
  signal: { params: { id: string; signal: NodeJS.Signals }; result: object };
  remove: { params: { id: string }; result: object };
  launch: { params: { id: string }; result: { launch: LaunchDetails } };
  /** The container's output comes as events over this connection until `detach`. */
  attach: { params: { id: string }; result: object };
  detach: { params: { id: string }; result: object };
  /** `data` is Base64; without it the input ends. */
  stdin: { params: { id: string; data?: string }; result: object };
  resize: { params: { id: string; size: TerminalSize }; result: object };
}

export type ShimMethod = keyof ShimMethods;

export interface ShimRequest<M extends ShimMethod = ShimMethod> {
  readonly id: number;
  readonly method: M;
  readonly params: ShimMethods[M]['params'];
}

export interface ShimAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: ContainerRuntimeErrorCode; readonly message: string };
}

/** A container has started or ended. */
export interface RecordEvent {
  readonly record: ContainerRecord;
}

/** An attached container has written something. */
export interface OutputEvent {
  readonly output: { readonly id: string; readonly stream: LogStream; readonly data: string };
}

export type ShimMessage = ShimAnswer | RecordEvent | OutputEvent;

export const socketName = 'shim.sock';
/** The shim prints this on standard output when it listens. */
export const readyLine = 'ready';
/** The shim's exit status when another one has the directory already: its client connects to that one. */
export const alreadyServed = 3;
