import { connectApi } from '../api.ts';
import { createClaims, createVolumes, untilBound } from '../claims.ts';
import { Roles } from '../roles.ts';
import { connections, perSecond, type Scenario } from '../scenario.ts';

const count = 5000;

/**
 * The controller alone: volumes and claims are there, and a controller manager is started beside the API server. The
 * clock runs from the first claim that is bound to the last, so that neither the start nor any creation counts.
 */
export const alone: Scenario = {
  name: 'alone',
  run: async () => {
    await using roles = await Roles.startApiServer();
    const api = connectApi(roles.kubeconfig, connections);
    try {
      await createVolumes(api, 'alone', count);
      await createClaims(api, 'alone', count);
      let first = 0;
      const { bound } = await untilBound(api, 'alone', count, () => {
        first ||= performance.now();
      });
      roles.start(
        'controller-manager',
        '--kubeconfig',
        roles.kubeconfig,
        '--leader-elect=false',
        '--controllers=persistentvolume-binder-controller',
      );
      await bound;
      return { claimsPerSecond: perSecond(count, (performance.now() - first) / 1000) };
    } finally {
      api.close();
    }
  },
};
