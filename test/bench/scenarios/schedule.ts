/**
 * Pods placed per second on 100, 1,000 and 5,000 nodes that nobody runs, with the pods' creation inside the clock: from
 * the first request to the watch event that shows the last pod's node. First pods without volumes, then pods that each
 * use a claim bound before. The one real node is cordoned, so that nothing runs and only placing is measured.
 */
import { bindClaims } from '../claims.ts';
import { createNodes, nodesPath, place } from '../placing.ts';
import { cpuSeconds } from '../process-family.ts';
import { type Figures, must, onUp, perSecond } from '../scenario.ts';

const sizes = [100, 1000, 5000];
const warmUp = 200;
const podsPerRun = 2000;

export const schedule = onUp({
  name: 'schedule',
  run: async (stowage, api) => {
    const cordon = { spec: { unschedulable: true } };
    await must(api.call('PATCH', `${nodesPath}/node-0`, cordon, 'application/merge-patch+json'));
    await createNodes(api, 0, 100);
    await place(api, 'warm', warmUp, false);
    const figures: Record<string, number> = {};
    let nodes = 100;
    for (const size of sizes) {
      await createNodes(api, nodes, size);
      nodes = size;
      await bindClaims(api, `claims-${size}`, podsPerRun);
      const before = cpuSeconds(stowage.child.pid ?? 0);
      const plain = await place(api, `plain-${size}`, podsPerRun, false);
      const used = cpuSeconds(stowage.child.pid ?? 0) - before;
      const withClaims = await place(api, `claims-${size}`, podsPerRun, true);
      figures[`podsPerSecondAt${size}`] = perSecond(podsPerRun, plain);
      figures[`podsWithClaimsPerSecondAt${size}`] = perSecond(podsPerRun, withClaims);
      figures[`cpuMillisecondsPerPodAt${size}`] = Math.round((used / podsPerRun) * 1e6) / 1000;
    }
    return figures satisfies Figures;
  },
});
