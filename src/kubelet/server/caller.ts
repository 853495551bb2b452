/**
 * Who may use the node's endpoint. Every client of the cluster may hold a certificate of its authority; only those who
 * may do everything anyway get in, the API server above all, which has asked what its own caller may do.
 */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

const administrators = 'system:masters';

export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
}

/** The name and groups of the client's certificate, which the handshake has verified. */
export function callerOf(request: IncomingMessage): Caller | undefined {
  const { socket } = request;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  // Node.js types a repeated part of the name as one text.
  const { CN, O } = socket.getPeerCertificate().subject as { CN?: string | string[]; O?: string | string[] };
  return { user: [CN ?? []].flat()[0] ?? '', groups: [O ?? []].flat() };
}

export function mayUseEndpoint(caller: Caller | undefined): boolean {
  return caller?.groups.includes(administrators) ?? false;
}

export function forbiddenText(caller: Caller | undefined): string {
  return `Forbidden (user=${caller?.user ?? 'system:anonymous'}, resource=nodes, subresource=proxy)`;
}
