import { resolve } from 'node:path';
import { realClock, realFs } from '../../base/index.ts';
import { discoverNamespacedTypes, discoverWatchableTypes } from '../../client/index.ts';
import { FlexControllerPlugin } from '../../volume-plugins/index.ts';
import { loadControllerPlugins } from '../controller-plugins.ts';
import { controllerSettings } from '../controller-settings.ts';
import { controllerTable } from '../controller-table.ts';
import { startControllers } from '../controllers.ts';
import { controllerManagerFlags, idleControllerManagerFlags } from '../flags/controller-manager-flags.ts';
import { chooseControllers } from '../flags/controller-names.ts';
import { type GivenFlags, idleFlagsGiven, readFlags } from '../flags/flag-table.ts';
import { startFlexDrivers } from '../flex-drivers.ts';
import { AccountClients } from './account-clients.ts';
import { runRole, whileLeading } from './role.ts';
import { connectionOptions, type Environment, leaderElectionSettings, logSettings } from './role-options.ts';
import { serveRole } from './serve.ts';

/** `stowage controller-manager`: the controllers, against any API server. */
export async function runControllerManager(given: GivenFlags, env: Environment): Promise<void> {
  const flags = readFlags(controllerManagerFlags, given);
  const idle = idleFlagsGiven(idleControllerManagerFlags, given);
  const names = controllerTable.map(({ name }) => name);
  const choice = chooseControllers(flags.controllers, names);
  const { missing } = choice;
  const collects = flags['enable-garbage-collector'];
  const enabled = new Set([...choice.enabled].filter((name) => collects || name !== 'garbage-collector-controller'));
  const rootCaOfFile = flags['root-ca-file'] ? await realFs.readFile(flags['root-ca-file'], 'utf8') : undefined;
  const settings = controllerSettings(flags);
  const plugins = await loadControllerPlugins(settings.binder, { fs: realFs, clock: realClock });
  const options = {
    connection: connectionOptions(flags, env),
    log: logSettings(flags),
    idle,
    gates: flags['feature-gates'],
  };
  const election = leaderElectionSettings(flags);
  await runRole('kube-controller-manager', options, async (running) => {
    for (const controller of missing) running.logger.warn('a controller is not part of Stowage', { controller });
    await serveRole(running, {
      flags,
      env,
      health: running.health.checks,
      config: { 'kubecontrollermanager.config.k8s.io': settings },
    });
    // Upstream: without the flag the authority that this process trusts itself.
    const rootCa = rootCaOfFile ?? running.connection.caData ?? '';
    await whileLeading(running, election, async (role) => {
      const { clock, metrics } = role;
      const root = role.client('kube-controller-manager');
      const { rateLimit } = options.connection;
      const accounts = flags['use-service-account-credentials']
        ? role.stack.use(new AccountClients({ connection: running.connection, clock, metrics, rateLimit, root }))
        : undefined;
      const client = (component: string, account: string) =>
        (account === '' ? undefined : accounts?.client(component, account)) ?? role.client(component);
      const namespacedTypes = (signal: AbortSignal) => discoverNamespacedTypes(role.getDocument, signal);
      const watchableTypes = (signal: AbortSignal) => discoverWatchableTypes(role.getDocument, signal);
      const flexDir = resolve(flags['flex-volume-plugin-dir']);
      const flexPlugin = new FlexControllerPlugin(role.stack.use(startFlexDrivers(flexDir, role)));
      const environment = {
        client,
        namespacedTypes,
        watchableTypes,
        reader: root,
        rootCa,
        settings,
        plugins,
        flexPlugin,
      };
      const given = { ...environment, enabled };
      role.stack.use(startControllers({ ...role, ...given }));
      role.informers.start();
    });
  });
}
