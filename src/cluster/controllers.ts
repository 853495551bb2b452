/** Starts the controllers, each with a client and an event source of its own name. */
import type { ResourceType } from '../api/index.ts';
import type { Clock, DecisionLog, Logger, Random } from '../base/index.ts';
import { type Client, createEventRecorder, type InformerFactory, type WatchableTypes } from '../client/index.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { ControllerPlugins, type FlexControllerPlugin } from '../volume-plugins/index.ts';
import { type ControllerSettings, defaultControllerSettings } from './controller-settings.ts';
import { controllerTable } from './controller-table.ts';

export interface ControllerEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly decisions: DecisionLog;
  readonly informers: InformerFactory;
  /** The client of a component, acting as the given service account of kube-system where that is wanted. */
  readonly client: (component: string, account: string) => Client;
  readonly namespacedTypes?: (signal: AbortSignal) => Promise<readonly ResourceType[]>;
  readonly watchableTypes?: (signal: AbortSignal) => Promise<WatchableTypes>;
  /** Lists with the rights of the informers. */
  readonly reader?: Client;
  /** The certificate of the cluster's authority, PEM; '' when it is not known. */
  readonly rootCa: string;
  readonly settings?: ControllerSettings;
  /** Plugins that provision, delete and recycle volumes; none unless given. */
  readonly plugins?: ControllerPlugins;
  readonly flexPlugin?: FlexControllerPlugin;
  /** The names of those to run; all unless given. */
  readonly enabled?: ReadonlySet<string>;
}

export function startControllers(environment: ControllerEnvironment): AsyncDisposable {
  const { clock, random, informers, metrics, decisions, enabled } = environment;
  const { flexPlugin, namespacedTypes, watchableTypes } = environment;
  const reader = environment.reader ? { reader: environment.reader } : {};
  const { settings = defaultControllerSettings, plugins = new ControllerPlugins([]), rootCa } = environment;
  const stack = new AsyncDisposableStack();
  for (const { name, component, account, start } of controllerTable) {
    if (enabled && !enabled.has(name)) continue;
    const client = environment.client(component, account);
    const logger = environment.logger.with({ component });
    const recorder = stack.use(createEventRecorder({ client, clock, random, component, logger }));
    const concurrency = settings.concurrency[name];
    const options = { concurrency, client, ...reader, informers, recorder, clock, random, logger, metrics, decisions };
    const context = {
      settings,
      plugins,
      flexPlugin,
      rootCa,
      client: environment.client,
      namespacedTypes,
      watchableTypes,
    };
    stack.use(start(options, context));
  }
  return stack;
}
