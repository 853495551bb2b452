/** The segments that there are now: those that nodes tell of, or the one of a process that serves a single node. */
import { csiNodes, nodes } from '../../../api/index.ts';
import type { Clock } from '../../../base/index.ts';
import type { InformerFactory } from '../../../client/index.ts';
import type { Synced } from '../../common/after-sync.ts';
import { hasOtherKeys, hasOtherLabels, segmentsOfNodes } from './node-segments.ts';
import { type Segment, segmentText } from './segment.ts';

export interface SegmentSource {
  /** What must be filled before the start: a node that is not seen yet is not gone. */
  readonly caches: readonly Synced[];
  get(text: string): Segment | undefined;
  /** The texts of all. */
  texts(): Iterable<string>;
  /** Tells which came and went, those that there are at first, until disposed. */
  start(onChange: (texts: ReadonlySet<string>) => void): Disposable;
}

export function fixedSegment(segment: Segment): SegmentSource {
  const text = segmentText(segment);
  return {
    caches: [],
    get: (asked) => (asked === text ? segment : undefined),
    texts: () => [text],
    start: (onChange) => {
      onChange(new Set([text]));
      return { [Symbol.dispose]: () => {} };
    },
  };
}

export function segmentsFromNodes(driver: string, informers: InformerFactory, clock: Clock): SegmentSource {
  const nodeInformer = informers.informer(nodes);
  const csiNodeInformer = informers.informer(csiNodes);
  let segments: ReadonlyMap<string, Segment> = new Map();
  return {
    caches: [nodeInformer, csiNodeInformer],
    get: (text) => segments.get(text),
    texts: () => segments.keys(),
    start(onChange) {
      const stack = new DisposableStack();
      let isDue = false;
      const look = () => {
        isDue = false;
        if (stack.disposed) return;
        const before = segments;
        segments = segmentsOfNodes(driver, csiNodeInformer.list(), (name) => nodeInformer.get(name));
        const changed = new Set(
          [...before.keys(), ...segments.keys()].filter((t) => !(before.has(t) && segments.has(t))),
        );
        if (changed.size > 0) onChange(changed);
      };
      // Many nodes come at once: they are looked at together.
      const lookSoon = () => {
        if (!isDue) clock.afterTurn(look);
        isDue = true;
      };
      stack.use(
        nodeInformer.addHandler({
          onAdd: lookSoon,
          onUpdate: (previous, node) => {
            if (hasOtherLabels(previous, node)) lookSoon();
          },
          onDelete: lookSoon,
        }),
      );
      stack.use(
        csiNodeInformer.addHandler({
          onAdd: lookSoon,
          onUpdate: (previous, csiNode) => {
            if (hasOtherKeys(driver, previous, csiNode)) lookSoon();
          },
          onDelete: lookSoon,
        }),
      );
      look();
      return stack;
    },
  };
}
