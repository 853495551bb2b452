/** Starts the snapshot controller with a client and an event source of its name; the informers still have to be started. */
import type { Clock, DecisionLog, Logger, Random } from '../base/index.ts';
import { type Client, createEventRecorder, type InformerFactory } from '../client/index.ts';
import {
  snapshotControllerName as component,
  type SnapshotControllerSettings,
  startSnapshotController,
} from '../controllers/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';

export interface SnapshotEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly decisions: DecisionLog;
  readonly informers: InformerFactory;
  readonly client: (component: string) => Client;
}

export function startSnapshots(
  { client: clientOf, ...environment }: SnapshotEnvironment,
  settings: Partial<SnapshotControllerSettings> = {},
): AsyncDisposable {
  const client = clientOf(component);
  const stack = new AsyncDisposableStack();
  const { clock, random, logger, metrics, decisions, informers } = environment;
  const recorder = stack.use(createEventRecorder({ client, clock, random, component, logger }));
  stack.use(
    startSnapshotController({ client, recorder, clock, random, logger, metrics, decisions, informers, settings }),
  );
  return stack;
}
