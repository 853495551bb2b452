/** The httpGet and tcpSocket of probes and hooks. Containers are on the host's network, so the address is the node's. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, HTTPGetAction, TCPSocketAction } from '../../api/index.ts';

export interface ActionResult {
  readonly ok: boolean;
  readonly message: string;
}

export interface NetworkTarget {
  readonly container: Container;
  readonly podIp: string;
  readonly signal: AbortSignal;
}

/** Opens connections of probes; a simulated node has its own. */
export interface ProbeNetwork {
  httpGet(action: HTTPGetAction, target: NetworkTarget): Promise<ActionResult>;
  tcpSocket(action: TCPSocketAction, target: NetworkTarget): Promise<ActionResult>;
}

/** A port by number or by its name in the container's list; undefined for an unknown name. */
function portOf(port: number | string, container: Container): number | undefined {
  const number = Number(port);
  if (Number.isInteger(number)) return number;
  return container.ports?.find(({ name }) => name === port)?.containerPort;
}

function httpGet(action: HTTPGetAction, { container, podIp, signal }: NetworkTarget): Promise<ActionResult> {
  const port = portOf(action.port, container);
  if (port === undefined) return Promise.resolve({ ok: false, message: `couldn't find port: ${action.port}` });
  const request = action.scheme === 'HTTPS' ? httpsRequest : httpRequest;
  const headers: Record<string, string> = { 'user-agent': 'kube-probe/1.36', accept: '*/*' };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  return new Promise((resolve) => {
    const sent = request(
      // A probe asks whether somebody answers, and not who: upstream does not verify either.
      {
        host: action.host || podIp,
        port,
        path: action.path || '/',
        headers,
        signal,
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        response.destroy();
        const { statusCode = 0 } = response;
        const ok = statusCode >= 200 && statusCode < 400;
        resolve({ ok, message: `HTTP probe ${ok ? 'succeeded' : 'failed'} with statuscode: ${statusCode}` });
      },
    );
    sent.on('error', (error) => resolve({ ok: false, message: error.message }));
    sent.end();
  });
}

function tcpSocket(action: TCPSocketAction, { container, podIp, signal }: NetworkTarget): Promise<ActionResult> {
  const port = portOf(action.port, container);
  if (port === undefined) return Promise.resolve({ ok: false, message: `couldn't find port: ${action.port}` });
  return new Promise((resolve) => {
    const socket = connect({ host: action.host || podIp, port, signal });
    socket.on('connect', () => {
      socket.destroy();
      resolve({ ok: true, message: '' });
    });
    socket.on('error', (error) => resolve({ ok: false, message: error.message }));
  });
}

export const realProbeNetwork: ProbeNetwork = { httpGet, tcpSocket };
