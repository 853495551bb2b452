import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { type Clock, withDeadline } from '../base/index.ts';
import { Code } from './codes.ts';
import type { CallObserver, CallOptions, CsiConnection } from './connection.ts';
import { CsiError } from './errors.ts';
import { dispatchTable, handlerError, type Interceptor, methodPath, type ServedService } from './service.ts';

export interface DirectConnectionOptions {
  readonly clock: Clock;
  readonly services: readonly ServedService[];
  /** Latency, faults and logs, as a server has them. */
  readonly interceptors?: readonly Interceptor[];
  readonly onCall?: CallObserver;
}

/** Through the wire format, so that no side can change what the other holds. */
function copy(schema: DescMessage, message: Message): Message {
  return fromBinary(schema, toBinary(schema, message));
}

/** A connection that calls the handlers in this process. Its waits are on the given clock alone. */
export function directConnection(options: DirectConnectionOptions): CsiConnection {
  const { clock, onCall } = options;
  const table = dispatchTable(options.services, options.interceptors ?? []);
  const run = async (path: string, request: Message, callOptions: CallOptions): Promise<Message> => {
    const entry = table.get(path);
    if (!entry) throw new CsiError(Code.UNIMPLEMENTED, `The server does not implement the method ${path}`);
    const { method, dispatch } = entry;
    return await withDeadline({ clock, what: path, ...callOptions }, async (signal) => {
      const answer = await dispatch(copy(method.input, request), { signal, metadata: {} }).catch((thrown: unknown) => {
        throw handlerError(thrown);
      });
      return copy(method.output, answer);
    });
  };
  return {
    async call(method, request, callOptions) {
      const path = methodPath(method);
      const startMs = clock.monotonic();
      let code: number = Code.OK;
      try {
        // The table holds the same descriptor, so the answer is of the method's output type.
        return (await run(path, create(method.input, request), callOptions)) as never;
      } catch (thrown) {
        const error = CsiError.from(thrown);
        code = error.code;
        throw error;
      } finally {
        onCall?.({ method: path, code, durationMs: clock.monotonic() - startMs });
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}
