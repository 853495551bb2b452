/** The CronJob controller: starts a Job at each time of a schedule. */
import { type CronJob, cronJobs, jobs, keyOf } from '../../api/index.ts';
import { runReconciler } from '../../client/index.ts';
import { Announcer } from '../common/announcer.ts';
import { addOwnerIndexes, wakeOwners } from '../common/owners.ts';
import { type ControllerOptions, startWhenSynced } from '../common/start-controller.ts';
import { WrittenCache } from '../common/written-cache.ts';
import { type CronJobContext, firstRunInMs, syncCronJob } from './sync-cron-job.ts';

/** The name that its events carry. */
export const cronJobControllerName = 'cronjob-controller';

export interface CronJobControllerOptions extends ControllerOptions {
  /** The zone of schedules that name none; UTC by default. */
  readonly localTimeZone?: string;
}

export function startCronJobController(options: CronJobControllerOptions): AsyncDisposable {
  const { informers, client, recorder, clock } = options;
  const logger = options.logger.with({ component: cronJobControllerName });
  const informer = informers.informer(cronJobs);
  const context: CronJobContext = {
    client,
    recorder,
    announcer: new Announcer(clock, recorder),
    clock,
    cronJobs: new WrittenCache(informer),
    jobs: informers.informer(jobs),
    localTimeZone: options.localTimeZone ?? 'UTC',
  };
  addOwnerIndexes(context.jobs);
  return startWhenSynced(informers, logger, (stack) => {
    const reconcile = (key: string, signal: AbortSignal) => syncCronJob(context, key, signal);
    const queue = stack.use(
      runReconciler({
        name: 'cronjob',
        clock,
        logger,
        metrics: options.metrics,
        concurrency: options.concurrency,
        reconcile,
      }),
    );
    stack.use(
      informer.addHandler({
        onAdd: (cronJob) => {
          context.cronJobs.observe(cronJob);
          queue.add(keyOf(cronJob));
        },
        onUpdate: (previous, cronJob) => {
          context.cronJobs.observe(cronJob);
          if (previous === cronJob) return;
          // A new schedule holds from now on: its times of the past are nobody's runs.
          const waitMs = isRescheduled(previous, cronJob) ? firstRunInMs(context, cronJob) : 0;
          if (waitMs !== undefined) queue.addAfter(keyOf(cronJob), waitMs);
        },
        onDelete: (cronJob) => {
          context.cronJobs.observeDeletion(cronJob);
          context.announcer.forget(keyOf(cronJob));
        },
      }),
    );
    // Jobs belong to a CronJob by name, never by selection.
    const selectorOf = () => undefined;
    stack.use(wakeOwners(context.jobs, { owners: informer, selectorOf, wake: (key) => queue.add(key) }));
  });
}

function isRescheduled({ spec: before }: CronJob, { spec: after }: CronJob): boolean {
  return before.schedule !== after.schedule || before.timeZone !== after.timeZone;
}
