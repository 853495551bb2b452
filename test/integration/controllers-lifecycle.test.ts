import { expect, it } from 'vitest';
import * as controllers from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { startOn } from './support/controllers.ts';

it('controllers leave nothing behind when they are started and stopped fifty times', async () => {
  await using plane = await ControlPlane.start();
  const starts = [
    controllers.startPersistentVolumeController,
    controllers.startAttachDetachController,
    controllers.startClaimProtectionController,
    controllers.startVolumeProtectionController,
    controllers.startEphemeralVolumeController,
    controllers.startSnapshotController,
    controllers.startStatefulSetController,
    controllers.startNamespaceController,
    controllers.startResourceQuotaController,
    controllers.startServiceAccountController,
    (options: controllers.ControllerOptions) => controllers.startRootCaPublisher({ ...options, rootCa: 'ca' }),
  ];
  await plane.clock.settle();
  const before = plane.clock.pendingTimers;
  for (let round = 0; round < 50; round++) {
    const running = await Promise.all(starts.map((start, index) => startOn(plane, `c${round}-${index}`, start)));
    for (const controller of running) await controller[Symbol.asyncDispose]();
  }
  expect(plane.clock.pendingTimers).toBe(before);
});

it('controllers can be stopped before their caches have synced', async () => {
  await using plane = await ControlPlane.start();
  const { client, informers, clock, random, logger } = plane;
  const recorder = plane.recorder('c');
  const before = clock.pendingTimers;
  const controller = controllers.startGarbageCollector({ client, informers, clock, random, logger });
  const binder = controllers.startPersistentVolumeController({ client, informers, recorder, clock, random, logger });
  await Promise.all([controller[Symbol.asyncDispose](), binder[Symbol.asyncDispose]()]);
  await informers[Symbol.asyncDispose]();
  expect(clock.pendingTimers).toBe(before);
});
