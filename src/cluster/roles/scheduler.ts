import { createEventRecorder } from '../../client/index.ts';
import { Scheduler } from '../../scheduler/index.ts';
import { type RoleFlags, runRole } from './role.ts';

/** `stowage scheduler`: places pods on the nodes of any cluster. */
export function runScheduler(flags: RoleFlags): Promise<void> {
  return runRole('kube-scheduler', flags, async ({ clock, random, logger, informers, client, stack, signal }) => {
    const component = 'default-scheduler';
    const own = client('kube-scheduler');
    const recorder = stack.use(createEventRecorder({ client: own, clock, random, component, logger }));
    const scheduler = stack.use(new Scheduler({ client: own, informers, recorder, clock, logger }));
    informers.start();
    await informers.waitForSync(signal);
    scheduler.start();
  });
}
