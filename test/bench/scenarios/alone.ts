import { connectApi } from '../api.ts';
import { bindingRate, claimsRevision, createClaims, createVolumes } from '../claims.ts';
import { Roles } from '../roles.ts';
import { connections, type Scenario } from '../scenario.ts';

const count = 5000;

async function measure(start: (roles: Roles) => unknown): Promise<number> {
  await using roles = await Roles.startApiServer();
  const api = connectApi(roles.kubeconfig, connections);
  try {
    await createVolumes(api, 'alone', count);
    await createClaims(api, 'alone', count);
    const revision = await claimsRevision(api);
    await start(roles);
    return await bindingRate(api, 'alone', count, revision);
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
