/** What a server answers over HTTP: its body, what its headers tell, and the objects in it. */
import type { IncomingMessage } from 'node:http';
import {
  type ApiRequest,
  apiVersionOf,
  type KubernetesObject,
  type ObjectList,
  type ResourceType,
  readForm,
} from '../api/index.ts';
import { TransportError } from './http-status.ts';

const answerLimitBytes = 256 * 1024 * 1024;

export interface Answer {
  readonly code: number;
  readonly body: string;
  readonly warnings: readonly string[];
  readonly retryAfterSeconds: number | undefined;
}

/** By events: iterating a body costs as much again as all else that a small answer needs. */
function bodyOf(response: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > answerLimitBytes) {
      response.destroy(new TransportError(`the server's answer has more than ${answerLimitBytes} bytes`));
    }
  });
  response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  response.once('error', reject);
  // Cut off before its end: on some ways down no error is told.
  response.once('close', () => reject(new TransportError('the answer was cut off')));
  return promise;
}

export async function collect(response: IncomingMessage): Promise<Answer> {
  const body = await bodyOf(response);
  const retryAfter = Number(response.headers['retry-after']);
  return {
    code: response.statusCode ?? 0,
    body,
    // Taking the headers apart is worth the time only when there is something to tell.
    warnings: response.headers.warning ? (response.headersDistinct.warning ?? []).map(warningText) : [],
    retryAfterSeconds: Number.isInteger(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  };
}

/** `299 - "spec.x is deprecated"`: the text. */
function warningText(header: string): string {
  const quoted = /^\d{3} \S+ "((?:[^"\\]|\\.)*)"/.exec(header)?.[1];
  return quoted === undefined ? header : quoted.replace(/\\(.)/g, '$1');
}

export function parseBody({ body }: Answer): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new TransportError('the server answered with something that is not JSON', { cause });
  }
}

/** What was asked for: an object or a list. */
export function contentOfAnswer(answer: Answer, request: Pick<ApiRequest, 'verb' | 'resource'>): unknown {
  const body = parseBody(answer);
  const nulls = hasNulls(answer.body);
  if (request.verb !== 'list') return nulls ? readForm(body) : body;
  const list = listOf(request.resource, body);
  return nulls ? { ...list, items: list.items.map(readForm) } : list;
}

/** Whether there can be a null in a JSON document: looking for it costs far less than going through an object. */
export function hasNulls(text: string): boolean {
  return text.includes(':null');
}

interface WireList {
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items?: readonly KubernetesObject[] | null;
}

/** On the wire the items of a list do not say what they are. */
function listOf(resource: ResourceType, body: unknown): ObjectList<KubernetesObject> {
  const { metadata = {}, items } = body as WireList;
  const identity = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return {
    items: (items ?? []).map((item) => ({ ...identity, ...item })),
    resourceVersion: metadata.resourceVersion ?? '',
    ...(metadata.continue ? { continue: metadata.continue } : {}),
    ...(metadata.remainingItemCount === undefined ? {} : { remainingItemCount: metadata.remainingItemCount }),
  };
}
