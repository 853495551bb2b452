/** What servers and connections share: the typed handlers of a service, and how a call finds its handler. */
import {
  create,
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { Code } from './codes.ts';
import { CsiError } from './errors.ts';

export interface CallContext {
  /** Aborts when the caller cancels or its deadline passes. */
  readonly signal: AbortSignal;
  /** The headers of the call that hold text. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type UnaryNames<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K]['methodKind'] extends 'unary' ? K : never;
}[keyof S['method']];

/** Whether the call has one request and one answer: every call of CSI but those of SnapshotMetadata. */
export function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

/** A function per call of the service. What is left out answers Unimplemented. */
export type ServiceHandlers<S extends DescService> = {
  [K in UnaryNames<S>]?: (
    request: MessageShape<S['method'][K]['input']>,
    context: CallContext,
  ) => Promise<MessageInitShape<S['method'][K]['output']>>;
};

type Handler = (request: Message, context: CallContext) => Promise<Record<string, unknown>>;

/** A service with its handlers, ready to be served over a socket or called directly. */
export interface ServedService {
  readonly descriptor: DescService;
  readonly handlers: Readonly<Record<string, Handler | undefined>>;
}

export function serve<S extends DescService>(descriptor: S, handlers: ServiceHandlers<S>): ServedService {
  // The handlers are typed by the descriptor above, and are only ever called with its messages below.
  return { descriptor, handlers: handlers as Record<string, Handler | undefined> };
}

/** A call on its way to its handler, as an interceptor sees it. */
export interface InterceptedCall extends CallContext {
  /** `/csi.v1.Node/NodeStageVolume` */
  readonly path: string;
  readonly method: DescMethodUnary;
  readonly request: Message;
}

/** Runs around a call: may look, wait, throw a CsiError, or answer itself. */
export type Interceptor = (call: InterceptedCall, next: () => Promise<Message>) => Promise<Message>;

export type Dispatch = (request: Message, context: CallContext) => Promise<Message>;

export function methodPath(method: DescMethodUnary): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function implement(service: ServedService, method: DescMethodUnary, interceptors: readonly Interceptor[]): Dispatch {
  const path = methodPath(method);
  const handler = service.handlers[method.localName];
  return (request, context) => {
    let run = async (): Promise<Message> => {
      if (!handler) throw new CsiError(Code.UNIMPLEMENTED, `unknown method ${method.name}`);
      return create(method.output, await handler(request, context));
    };
    for (const interceptor of interceptors.toReversed()) {
      const next = run;
      run = () => interceptor({ ...context, path, method, request }, next);
    }
    return run();
  };
}

export interface DispatchEntry {
  readonly method: DescMethodUnary;
  readonly dispatch: Dispatch;
}

/** Every unary call of the services by its path. Interceptors run in the order given. */
export function dispatchTable(
  services: readonly ServedService[],
  interceptors: readonly Interceptor[],
): ReadonlyMap<string, DispatchEntry> {
  const table = new Map<string, DispatchEntry>();
  for (const service of services) {
    for (const method of service.descriptor.methods) {
      if (!isUnary(method)) continue;
      table.set(methodPath(method), { method, dispatch: implement(service, method, interceptors) });
    }
  }
  return table;
}

/** The failure of a handler as the caller sees it: what is no CsiError is the driver's own trouble, Internal. */
export function handlerError(thrown: unknown): CsiError {
  return CsiError.from(thrown, Code.INTERNAL);
}
