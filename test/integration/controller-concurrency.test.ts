import { expect, it } from 'vitest';
import { type Draft, type Pod, persistentVolumeClaims, pods } from '../../src/api/index.ts';
import { DecisionLog } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import { controllerSettings } from '../../src/cluster/controller-settings.ts';
import { startControllers } from '../../src/cluster/controllers.ts';
import { controllerManagerFlags } from '../../src/cluster/flags/controller-manager-flags.ts';
import { readFlags } from '../../src/cluster/flags/flag-table.ts';
import { MetricsRegistry } from '../../src/metrics/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { podDraft } from './support/objects.ts';

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const scratch = { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: claimSpec } } };

it.each([
  ['--concurrent-ephemeralvolume-syncs=1', { 'concurrent-ephemeralvolume-syncs': '1' }, 1],
  ['--concurrent-ephemeralvolume-syncs=2', { 'concurrent-ephemeralvolume-syncs': '2' }, 2],
  ['no flag', {}, 4],
])('%s bounds how many pods get their claims at a time', async (_flag, written, expected) => {
  await using plane = await ControlPlane.start();
  const { clock, random, logger, informers } = plane;
  let atATime = 0;
  let most = 0;
  const slow = (component: string): Client => {
    const client = plane.clientOf(component);
    const create: Client['create'] = async (type, ...rest) => {
      if (type.kind !== 'PersistentVolumeClaim') return await client.create(type, ...rest);
      most = Math.max(most, ++atATime);
      await clock.sleep(1_000);
      atATime--;
      return await client.create(type, ...rest);
    };
    return { ...client, create };
  };
  const flags = readFlags(controllerManagerFlags, new Map(Object.entries(written)));
  plane.use(
    startControllers({
      clock,
      random,
      logger,
      informers,
      metrics: new MetricsRegistry(),
      decisions: new DecisionLog(clock),
      client: slow,
      rootCa: '',
      settings: controllerSettings(flags),
      enabled: new Set(['ephemeral-volume-controller']),
    }),
  );
  await plane.run();
  for (const name of ['a', 'b', 'c', 'd']) {
    const draft = podDraft(name);
    await plane.client.create(pods, { ...draft, spec: { ...draft.spec, volumes: [scratch] } } as Draft<Pod>);
  }
  await clock.advance(10_000);
  expect(most).toBe(expected);
  expect((await plane.client.list(persistentVolumeClaims)).items).toHaveLength(4);
});
