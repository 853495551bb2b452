/** A watch over HTTP: one JSON document per line, for as long as the client reads. */
import { apiVersionOf, type WatchOptions } from '../../api/index.ts';
import { stringify } from '../codec/json.ts';
import { negotiate } from '../codec/media-types.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';
import type { WatchFrame } from '../watch/frame.ts';
import type { Watcher } from '../watch/watcher.ts';
import type { Exchange } from './exchange.ts';
import type { HandlerContext } from './handler-context.ts';
import { includeObjectOf, objectBody, type RepresentationOptions, tableBody } from './representation.ts';

/** Watches that do not say how long they want to last end within this and twice this, as upstream's do. */
const defaultTimeoutSeconds = 1_800;
/** Frames that are written at once: one record of TLS holds several. */
const framesPerWrite = 128;

export interface WatchTarget {
  readonly resource: RegisteredResource;
  readonly namespace: string | undefined;
  readonly options: WatchOptions;
}

export async function serveWatch(
  context: HandlerContext,
  exchange: Exchange,
  { resource, namespace, options }: WatchTarget,
): Promise<void> {
  const { identity, request, response, signal } = exchange;
  const representation = negotiate(request.headers.accept);
  const includeObject = includeObjectOf(exchange.query);
  const timeoutSeconds = options.timeoutSeconds || defaultTimeoutSeconds * (1 + context.random.next());
  const watcher = await context.pipeline.openWatch(identity, {
    verb: 'watch',
    resource: resource.type,
    namespace,
    options: { ...options, timeoutSeconds },
    signal,
  });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  const asIs = representation.as === 'object';
  const encode = asIs
    ? (frame: WatchFrame) => frame.encoded
    : reencoder({ resource, representation, includeObject, nowMs: context.clock.now() }, context);
  pump(watcher, response, encode);
}

/** Writes whenever the client has read what was written before; the watcher holds the rest, up to its limit. */
function pump(watcher: Watcher, response: Exchange['response'], encode: (frame: WatchFrame) => Buffer): void {
  let isFull = false;
  const write = () => {
    while (!isFull && !response.destroyed) {
      const frames = watcher.take(framesPerWrite);
      if (frames.length === 0) break;
      const [only] = frames;
      isFull = !response.write(frames.length === 1 && only ? encode(only) : Buffer.concat(frames.map(encode)));
    }
    if (watcher.ended && !isFull) response.end();
  };
  response.on('drain', () => {
    isFull = false;
    write();
  });
  response.on('close', () => watcher[Symbol.dispose]());
  watcher.onReadable = write;
  write();
}

/** Encodes the frames of one watch as tables or metadata. The columns are sent once. */
function reencoder(options: RepresentationOptions, { clock }: HandlerContext): (frame: WatchFrame) => Buffer {
  let isFirst = true;
  return ({ type, object }) => {
    const body = type === 'ERROR' ? object : bodyOf(type, object);
    return Buffer.from(`{"type":"${type}","object":${stringify(body)}}\n`);
  };

  function bodyOf(type: WatchFrame['type'], object: AnyObject): unknown {
    const current = { ...options, nowMs: clock.now() };
    if (options.representation.as !== 'table') return objectBody(object, current);
    const { resourceVersion } = object.metadata;
    if (type === 'BOOKMARK') {
      const marker = { kind: options.resource.type.kind, apiVersion: apiVersionOf(options.resource.type) };
      const rows = [{ cells: [], object: { ...marker, metadata: object.metadata } }];
      return {
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion },
        columnDefinitions: [],
        rows,
      };
    }
    const table = tableBody([object], { resourceVersion }, current);
    if (isFirst) {
      isFirst = false;
      return table;
    }
    return { ...table, columnDefinitions: [] };
  }
}
