import type { DescService, Message, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { CallOptions, CsiConnection } from './connection.ts';
import type { Controller, GroupController, Identity, Node } from './proto/gen/csi_pb.ts';
import type { Registration } from './proto/gen/pluginregistration_pb.ts';
import { isUnary, type UnaryNames } from './service.ts';

/** A function per unary call of the service. Each rejects with a CsiError. */
export type CsiClient<S extends DescService> = {
  readonly [K in UnaryNames<S>]: (
    request: MessageInitShape<S['method'][K]['input']>,
    options?: Partial<CallOptions>,
  ) => Promise<MessageShape<S['method'][K]['output']>>;
};

export type IdentityClient = CsiClient<typeof Identity>;
export type ControllerClient = CsiClient<typeof Controller>;
export type GroupControllerClient = CsiClient<typeof GroupController>;
export type NodeClient = CsiClient<typeof Node>;
export type RegistrationClient = CsiClient<typeof Registration>;

/** A typed client of one service. The defaults hold for every call that brings no option of its own. */
export function createCsiClient<S extends DescService>(
  descriptor: S,
  connection: CsiConnection,
  defaults: CallOptions,
): CsiClient<S> {
  const client: Record<string, (request: Record<string, unknown>, options?: Partial<CallOptions>) => Promise<Message>> =
    {};
  for (const method of descriptor.methods) {
    if (!isUnary(method)) continue;
    client[method.localName] = (request, options) => connection.call(method, request, { ...defaults, ...options });
  }
  // The loop makes the functions, by name and type, that the mapped type lists.
  return client as unknown as CsiClient<S>;
}
