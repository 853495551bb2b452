import { createLogger } from '../../src/base/index.ts';
import { workloads } from './workloads/index.ts';
import { World } from './world.ts';

const [name = '', process_, plural, n, kind = 'hidden'] = process.argv.slice(2);
const w = workloads.find((x) => x.name.includes(name))!;
const plan = (
  kind === 'crash'
    ? { kind, process: process_, write: Number(plural), lands: n === 'true' }
    : { kind, process: process_, plural, notification: Number(n) }
) as never;
const world = await World.start(plan, createLogger({ format: 'text', verbosity: 6 } as never));
try {
  await w.run(world);
  await world.plane.clock.advance(90000);
} catch (e) {
  console.log(String(e));
}
console.log(world.judge.violations);
for (const [p, t] of world.traces) {
  console.log(p, t.writes);
  if (p === process_) console.log(t.notifications.get(plural ?? ''));
}

import { builtInResources } from '../../src/api/index.ts';

for (const r of builtInResources)
  if (
    ['pods', 'persistentvolumes', 'persistentvolumeclaims', 'volumeattachments', 'nodes', 'events'].includes(r.plural)
  )
    for (const i of (await world.plane.client.list(r)).items) {
      const j = i as any;
      console.log(
        r.plural,
        r.plural === 'events'
          ? [j.involvedObject?.name, j.reason, j.message, j.count].join(' ')
          : JSON.stringify({
              m: { ...j.metadata, managedFields: 0 },
              s: r.plural === 'pods' ? j.spec.nodeName : j.spec,
              st: j.status,
            }),
      );
    }
process.exit(0);
