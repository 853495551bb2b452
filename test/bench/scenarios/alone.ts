import { setTimeout as delay } from 'node:timers/promises';
import { type Api, connectApi } from '../api.ts';
import { claimsRevision, createClaims, createVolumes, untilBound } from '../claims.ts';
import { Roles } from '../roles.ts';
import { connections, perSecond, type Scenario } from '../scenario.ts';

const count = 5000;

/** Claims per second from the first that is bound to the last, so that neither a start nor any creation counts. */
async function rateFrom(api: Api, revision: string): Promise<number> {
  let first = 0;
  const onBound = () => {
    first ||= performance.now();
  };
  for (;;) {
    try {
      await untilBound(api, 'alone', count, revision, onBound);
      return perSecond(count, (performance.now() - first) / 1000);
    } catch (thrown) {
      // The server is still starting.
      if (first) throw thrown;
      await delay(5);
    }
  }
}

async function measure(start: (roles: Roles) => unknown): Promise<number> {
  await using roles = await Roles.startApiServer();
  const api = connectApi(roles.kubeconfig, connections);
  try {
    await createVolumes(api, 'alone', count);
    await createClaims(api, 'alone', count);
    const revision = await claimsRevision(api);
    await start(roles);
    return await rateFrom(api, revision);
  } finally {
    api.close();
  }
}

/**
 * The controller alone: volumes and claims are there before it starts, and nothing else has anything to do. Once as a
 * process of its own over HTTP, and once in the same process as the API server.
 */
export const alone: Scenario = {
  name: 'alone',
  run: async () => ({
    claimsPerSecondOverHttp: await measure((roles) =>
      roles.start(
        'controller-manager',
        '--kubeconfig',
        roles.kubeconfig,
        '--leader-elect=false',
        '--controllers=persistentvolume-binder-controller',
      ),
    ),
    claimsPerSecond: await measure((roles) => roles.replaceByUp()),
  }),
};
