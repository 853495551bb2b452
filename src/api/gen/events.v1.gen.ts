// Generated from schema/events.v1.api by `npm run generate:api`. Do not edit.
import type * as core from './core.v1.gen.ts';
import type * as meta from './meta.v1.gen.ts';

export interface Event {
  readonly apiVersion: string;
  readonly kind: string;
  readonly action?: string;
  readonly deprecatedCount?: number;
  readonly deprecatedFirstTimestamp?: string;
  readonly deprecatedLastTimestamp?: string;
  readonly deprecatedSource?: core.EventSource;
  readonly eventTime: string;
  readonly metadata: meta.NamespacedObjectMeta;
  readonly note?: string;
  readonly reason?: string;
  readonly regarding?: core.ObjectReference;
  readonly related?: core.ObjectReference;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly series?: EventSeries;
  readonly type?: string;
}

export interface EventSeries {
  readonly count: number;
  readonly lastObservedTime: string;
}

