/**
 * Our controllers and scheduler beside Kubernetes' own 1.20.2, on the same machine and on the same API servers, with no
 * limit on the requests of either. scripts/build-kubernetes.sh builds Kubernetes' programs.
 */
import { freePort, SeparateRoles } from '../../e2e/support/separate-roles.ts';
import { kubernetesProgram, startKubeApiserver } from '../../upstream/support/kube-apiserver.ts';
import { type Api, connectApi } from '../api.ts';
import { bindClaims, bindingRate, claimsRevision, createClaims, createVolumes } from '../claims.ts';
import { createNodes, place } from '../placing.ts';
import { connections, type Figures, perSecond, type Scenario } from '../scenario.ts';

const claimCounts = [500, 2000];
const aloneCount = 2000;
const podCount = 500;
const nodeCount = 100;

type Maker = 'ours' | 'kubernetes';
type Role = 'controller-manager' | 'scheduler';
/** Ends the process. */
type Stop = () => Promise<void>;

async function startRole(world: SeparateRoles, maker: Maker, role: Role): Promise<Stop> {
  const kubeconfig = world.path('kubeconfig');
  const common = ['--kubeconfig', kubeconfig, '--leader-elect=false', `--secure-port=${await freePort()}`];
  const controllers = role === 'scheduler' ? [] : ['--controllers=persistentvolume-binder'];
  const unlimited = ['--port=0', '--kube-api-qps=100000', '--kube-api-burst=100000'];
  const { child } =
    maker === 'ours'
      ? world.spawn(role, ...common, ...controllers)
      : world.spawnProgram(kubernetesProgram(`kube-${role}`), ...common, ...unlimited, ...controllers);
  return async () => {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await ended;
  };
}

async function withServer<T>(server: Maker, work: (world: SeparateRoles, api: Api) => Promise<T>): Promise<T> {
  await using world = await SeparateRoles.startApiServer(server === 'kubernetes' ? startKubeApiserver : undefined);
  const api = connectApi(world.path('kubeconfig'), connections);
  try {
    return await work(world, api);
  } finally {
    api.close();
  }
}

async function bind(server: Maker, controllers: Maker): Promise<Figures> {
  return await withServer(server, async (world, api) => {
    const figures: Record<string, number> = {};
    const stop = await startRole(world, controllers, 'controller-manager');
    await bindClaims(api, 'warm', 50);
    for (const count of claimCounts)
      figures[`bind${count}`] = perSecond(count, await bindClaims(api, `bind-${count}`, count));
    await stop();
    await createVolumes(api, 'alone', aloneCount);
    await createClaims(api, 'alone', aloneCount);
    const revision = await claimsRevision(api);
    await startRole(world, controllers, 'controller-manager');
    figures[`alone${aloneCount}`] = await bindingRate(api, 'alone', aloneCount, revision);
    return figures;
  });
}

/** On Kubernetes' API server only: its scheduler of 1.20 asks for kinds that no server of today has. */
async function schedule(scheduler: Maker): Promise<Figures> {
  return await withServer('kubernetes', async (world, api) => {
    await startRole(world, 'ours', 'controller-manager');
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await api.call('POST', '/api/v1/namespaces/default/serviceaccounts', account);
    await createNodes(api, 0, nodeCount);
    await bindClaims(api, 'claims', podCount);
    await startRole(world, scheduler, 'scheduler');
    await place(api, 'warm', 50, false);
    return {
      pods: perSecond(podCount, await place(api, 'plain', podCount, false)),
      podsWithClaims: perSecond(podCount, await place(api, 'claims', podCount, true)),
    };
  });
}

function named(prefix: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${prefix}.${key}`, value]));
}

export const besideKubernetes: Scenario = {
  name: 'kubernetes',
  isLong: true,
  run: async () => {
    const all: Figures[] = [];
    for (const server of ['kubernetes', 'ours'] as const)
      for (const controllers of ['kubernetes', 'ours'] as const)
        all.push(named(`${controllers}On${server}`, await bind(server, controllers)));
    for (const scheduler of ['kubernetes', 'ours'] as const)
      all.push(named(`${scheduler}Scheduler`, await schedule(scheduler)));
    return Object.assign({}, ...all);
  },
};
