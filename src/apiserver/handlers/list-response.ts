import { apiVersionOf, type ObjectList } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { stringify } from '../codec/json.ts';
import type { AnyObject } from '../registry/strategy.ts';
import type { Exchange } from './exchange.ts';
import { listBody, listItem, listMetadata, type RepresentationOptions } from './representation.ts';
import { respond } from './respond.ts';

/** Longer lists are written piece by piece, so that others are served in between. */
const pieceItems = 500;

export async function respondList(
  exchange: Exchange,
  list: ObjectList<AnyObject>,
  options: RepresentationOptions,
  clock: Clock,
): Promise<void> {
  const { format, as } = options.representation;
  if (list.items.length > pieceItems && format === 'json' && as === 'object') {
    await streamList(exchange, list, options, clock);
    return;
  }
  await respond(exchange.response, { status: 200, body: listBody(list, options), format });
}

async function streamList(
  { response, signal }: Exchange,
  list: ObjectList<AnyObject>,
  { resource: { type } }: RepresentationOptions,
  clock: Clock,
): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  const head = { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata: listMetadata(list) };
  const form = listItem(type);
  let text = `${stringify(head).slice(0, -1)},"items":[`;
  for (let start = 0; start < list.items.length; start += pieceItems) {
    if (signal.aborted) return;
    const items = list.items.slice(start, start + pieceItems).map((item) => stringify(form(item)));
    const isTaken = response.write(`${text}${start > 0 ? ',' : ''}${items.join(',')}`);
    text = '';
    await (isTaken ? turn(clock) : drained(response, signal));
  }
  response.end(']}\n');
}

function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.afterTurn(resolve);
  });
}

/** Resolves when the client has read on, or is gone. */
function drained(response: Exchange['response'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    response.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
