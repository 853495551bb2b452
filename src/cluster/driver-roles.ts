/** The sidecar roles of one CSI driver, and its registration with kubelets. */
import type { Clock, Fs, Logger, Random } from '../base/index.ts';
import { type Client, createEventRecorder, type InformerFactory } from '../client/index.ts';
import { connectCsi } from '../csi/index.ts';
import { connectDriver, startAttacher, startProvisioner, startRegistrar } from '../sidecars/index.ts';

export interface DriverEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: Fs;
  readonly logger: Logger;
  readonly hostName: string;
  readonly client: (component: string) => Client;
  readonly informers: InformerFactory;
}

/** A socket that kubelets are told of, and the registration directories of those kubelets. */
export interface NodeSocket {
  readonly endpoint: string;
  readonly registrationDir: string;
}

/**
 * Starts every role that the driver's capabilities allow, against its controller socket. Resolves with the driver's
 * name once it answers; the informers that the roles asked for still have to be started.
 */
export async function startDriverRoles(
  environment: DriverEnvironment,
  controllerSocket: string,
  nodeSockets: readonly NodeSocket[],
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly driverName: string }> {
  const { clock, random, fs, informers } = environment;
  await using starting = new AsyncDisposableStack();
  const connection = starting.use(connectCsi({ path: controllerSocket, clock }));
  const logger = environment.logger.with({ socket: controllerSocket });
  const driver = await connectDriver({ connection, clock, logger, signal });
  const component = `${driver.name}_${environment.hostName}_${random.uuid()}`;
  const client = environment.client('external-provisioner');
  const recorder = starting.use(createEventRecorder({ client, clock, random, component, logger }));
  starting.use(startProvisioner({ client, informers, recorder, driver, clock, random, logger }));
  starting.use(startAttacher({ client: environment.client('external-attacher'), informers, driver, clock, logger }));
  for (const { endpoint, registrationDir } of nodeSockets) {
    const onRefused = (reason: string) => logger.error('kubelet refused the driver', { driver: driver.name, reason });
    starting.use(
      await startRegistrar({ driverName: driver.name, endpoint, registrationDir, logger, clock, fs, onRefused }),
    );
  }
  const running = starting.move();
  return { driverName: driver.name, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
