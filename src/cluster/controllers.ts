/** Every controller, each with a client and an event source of its own name. */
import type { Clock, Logger, Random } from '../base/index.ts';
import { type Client, createEventRecorder, type InformerFactory } from '../client/index.ts';
import * as controllers from '../controllers/index.ts';

export interface ControllerEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly informers: InformerFactory;
  readonly client: (component: string) => Client;
  /** The certificate of the cluster's authority, PEM. */
  readonly rootCa: string;
}

export function startControllers(environment: ControllerEnvironment): AsyncDisposable {
  const { clock, random, logger, informers, rootCa } = environment;
  const stack = new AsyncDisposableStack();
  const optionsFor = (component: string) => {
    const client = environment.client(component);
    const recorder = stack.use(createEventRecorder({ client, clock, random, component, logger }));
    return { client, informers, recorder, clock, random, logger: logger.with({ component }) };
  };
  stack.use(controllers.startPersistentVolumeController(optionsFor(controllers.persistentVolumeControllerName)));
  stack.use(controllers.startAttachDetachController(optionsFor(controllers.attachDetachControllerName)));
  stack.use(controllers.startClaimProtectionController(optionsFor(controllers.claimProtectionControllerName)));
  stack.use(controllers.startVolumeProtectionController(optionsFor(controllers.volumeProtectionControllerName)));
  const classProtection = optionsFor(controllers.attributesClassProtectionControllerName);
  stack.use(controllers.startAttributesClassProtectionController(classProtection));
  stack.use(controllers.startExpandController(optionsFor(controllers.expandControllerName)));
  stack.use(controllers.startEphemeralVolumeController(optionsFor(controllers.ephemeralVolumeControllerName)));
  stack.use(controllers.startStatefulSetController(optionsFor(controllers.statefulSetControllerName)));
  stack.use(controllers.startDeploymentController(optionsFor(controllers.deploymentControllerName)));
  stack.use(controllers.startReplicaSetController(optionsFor(controllers.replicaSetControllerName)));
  stack.use(controllers.startReplicationController(optionsFor(controllers.replicationControllerName)));
  stack.use(controllers.startDaemonSetController(optionsFor(controllers.daemonSetControllerName)));
  stack.use(controllers.startJobController(optionsFor(controllers.jobControllerName)));
  const localTimeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  stack.use(controllers.startCronJobController({ ...optionsFor(controllers.cronJobControllerName), localTimeZone }));
  stack.use(controllers.startNodeLifecycleController(optionsFor(controllers.nodeLifecycleControllerName)));
  stack.use(controllers.startTaintEvictionController(optionsFor(controllers.taintEvictionControllerName)));
  stack.use(controllers.startPodGarbageCollector(optionsFor(controllers.podGarbageCollectorName)));
  stack.use(controllers.startGarbageCollector(optionsFor('garbage-collector-controller')));
  stack.use(controllers.startNamespaceController(optionsFor('namespace-controller')));
  stack.use(controllers.startServiceAccountController({ ...optionsFor('service-account-controller'), rootCa }));
  return stack;
}
