// Generated from schema/scheduling.v1.api by `npm run generate:api`. Do not edit.
import type * as meta from './meta.v1.gen.ts';

export interface PriorityClass {
  readonly apiVersion: string;
  readonly kind: string;
  readonly description?: string;
  readonly globalDefault?: boolean;
  readonly metadata: meta.ObjectMeta;
  readonly preemptionPolicy?: string;
  readonly value?: number;
}

