/** Events as watchers are sent them. One frame, encoded at most once, is shared by all who watch the same change. */
import type { Status, WatchEvent } from '../../api/index.ts';
import { stringify } from '../codec/json.ts';
import { atRevision } from '../pipeline/commit.ts';
import type { AnyObject } from '../registry/strategy.ts';
import type { StoreEvent } from '../store/store.ts';

export class WatchFrame {
  readonly type: WatchEvent['type'];
  readonly object: AnyObject;
  #encoded: Buffer | undefined;

  constructor(type: WatchEvent['type'], object: AnyObject) {
    this.type = type;
    this.object = object;
  }

  /** The line of the JSON stream. Kept only until all who are told of the change at once have taken it. */
  get encoded(): Buffer {
    if (!this.#encoded) {
      this.#encoded = Buffer.from(`{"type":"${this.type}","object":${stringify(this.object)}}\n`);
      queueMicrotask(() => {
        // The frame may live as long as the history of the store: its text would double that.
        this.#encoded = undefined;
      });
    }
    return this.#encoded;
  }
}

interface Shared {
  added?: WatchFrame;
  modified?: WatchFrame;
  deleted?: WatchFrame;
}

const sharedFrames = new WeakMap<StoreEvent, Shared>();

export interface FrameOptions {
  readonly matches: ((object: AnyObject) => boolean) | undefined;
  /** Set for kinds that are stored as another version. */
  readonly convert: ((object: AnyObject) => AnyObject) | undefined;
}

/** What the change is to somebody with this selection: an object that leaves the selection is deleted to him. */
export function frameOf(event: StoreEvent, { matches, convert }: FrameOptions): WatchFrame | undefined {
  const current = event.current && convert ? convert(event.current) : event.current;
  const previous = event.previous && convert ? convert(event.previous) : event.previous;
  const isSeen = current !== undefined && (!matches || matches(current));
  const wasSeen = previous !== undefined && (!matches || matches(previous));
  if (!isSeen && !wasSeen) return undefined;
  const frames = sharedOf(event, convert !== undefined);
  if (isSeen && current) {
    if (wasSeen) frames.modified ??= new WatchFrame('MODIFIED', current);
    else frames.added ??= new WatchFrame('ADDED', current);
    return wasSeen ? frames.modified : frames.added;
  }
  if (previous) frames.deleted ??= new WatchFrame('DELETED', atRevision(previous, event.revision));
  return frames.deleted;
}

/** Where the frames of an event are kept for the next watcher. Converted objects are not the event's own. */
function sharedOf(event: StoreEvent, isConverted: boolean): Shared {
  if (isConverted) return {};
  let shared = sharedFrames.get(event);
  if (!shared) {
    shared = {};
    sharedFrames.set(event, shared);
  }
  return shared;
}

/** A frame that carries a place in history and no object. */
export function bookmarkFrame(
  type: { readonly apiVersion: string; readonly kind: string },
  revision: number,
  initialEventsEnd: boolean,
): WatchFrame {
  const metadata = {
    creationTimestamp: null,
    resourceVersion: String(revision),
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  };
  return new WatchFrame('BOOKMARK', Object.freeze({ kind: type.kind, apiVersion: type.apiVersion, metadata }) as never);
}

export function errorFrame(status: Status): WatchFrame {
  const object = { kind: 'Status', apiVersion: 'v1', metadata: {}, ...status };
  return new WatchFrame('ERROR', Object.freeze(object) as never);
}
