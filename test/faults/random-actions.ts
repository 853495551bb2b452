/** What users, networks, machines and drivers do to a small cluster in no order in particular. */
import fc from 'fast-check';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  nodes,
  persistentVolumeClaims,
  pods,
  statefulSets,
} from '../../src/api/index.ts';
import { Code, CsiError } from '../../src/csi/index.ts';
import { claimDraft, mountingPod } from '../integration/support/objects.ts';
import { controlProcesses, kubeletProcesses, nodeOf, type ProcessName } from './plan.ts';
import { setDraft } from './workloads/nodes.ts';
import { keyIn } from './workloads/workload.ts';
import type { World } from './world.ts';

/** Names are few, so that objects are made anew under names that others had. */
const nth = fc.nat(3);
const podName = fc.constantFrom('p0', 'p1', 'p2', 'p3', 'web-0', 'web-1');
const processes = [...controlProcesses, ...kubeletProcesses];
const machine = fc.constantFrom(...kubeletProcesses);
const process = fc.constantFrom<ProcessName[]>(...processes, ...kubeletProcesses);
const controllerMethod = fc.constantFrom(
  'CreateVolume',
  'DeleteVolume',
  'ControllerPublishVolume',
  'ControllerUnpublishVolume',
  'ControllerExpandVolume',
);
/** A call that failed for good has had no effect. */
const failure = fc.oneof(
  fc.record({ code: fc.constantFrom(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED), lands: fc.boolean() }),
  fc.record({ code: fc.constantFrom(Code.ABORTED, Code.INTERNAL), lands: fc.constant(false) }),
);

function kind<K extends string, T extends object>(
  name: K,
  fields: { [F in keyof T]: fc.Arbitrary<T[F]> },
): fc.Arbitrary<{ readonly kind: K } & T> {
  return fc.record(fields).map((values) => ({ kind: name, ...values }) as { readonly kind: K } & T);
}

export const action = fc.oneof(
  { weight: 4, arbitrary: kind('createClaim', { nth, class: fc.constantFrom('now', 'now', 'later') }) },
  { weight: 8, arbitrary: kind('createPod', { nth }) },
  { weight: 5, arbitrary: kind('deletePod', { name: podName, byForce: fc.boolean() }) },
  { weight: 1, arbitrary: kind('deleteClaim', { nth }) },
  { weight: 4, arbitrary: kind('growClaim', { nth, gibibytes: fc.integer({ min: 2, max: 6 }) }) },
  { weight: 3, arbitrary: kind('scale', { replicas: fc.constantFrom(0, 1, 2, 2) }) },
  { weight: 2, arbitrary: kind('cordon', { machine, unschedulable: fc.boolean() }) },
  { weight: 3, arbitrary: kind('kill', { process }) },
  { weight: 2, arbitrary: kind('partition', { process }) },
  { weight: 3, arbitrary: kind('heal', {}) },
  { weight: 1, arbitrary: kind('losePower', { machine }) },
  { weight: 1, arbitrary: kind('boot', { machine }) },
  { weight: 2, arbitrary: kind('failController', { method: controllerMethod, failure }) },
  { weight: 2, arbitrary: kind('failNode', { machine, failure }) },
  { weight: 8, arbitrary: kind('wait', { seconds: fc.constantFrom(0, 1, 3, 10, 60) }) },
);

export type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** Users ask for what may not be; they are told so. */
function ignoreRefusal(thrown: unknown): void {
  const isRefusal = [isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound].some((is) => is(thrown));
  if (!isRefusal) throw thrown;
}

export async function carryOut(world: World, step: Action): Promise<void> {
  await act(world, step).catch(ignoreRefusal);
}

async function act(world: World, step: Action): Promise<void> {
  const { plane, backend } = world;
  switch (step.kind) {
    case 'createClaim':
      await world.create(persistentVolumeClaims, claimDraft(`c${step.nth}`, step.class));
      return;
    case 'createPod':
      await world.create(pods, mountingPod(`p${step.nth}`, `c${step.nth}`));
      return;
    case 'deletePod':
      await plane.client.delete(pods, keyIn(step.name), step.byForce ? { gracePeriodSeconds: 0 } : {});
      return;
    case 'deleteClaim':
      await world.remove(persistentVolumeClaims, keyIn(`c${step.nth}`));
      return;
    case 'growClaim': {
      const body = { spec: { resources: { requests: { storage: `${step.gibibytes}Gi` } } } };
      await world.change(persistentVolumeClaims, keyIn(`c${step.nth}`), body);
      return;
    }
    case 'scale':
      if (await plane.get(statefulSets, keyIn('web')))
        await world.change(statefulSets, keyIn('web'), { spec: { replicas: step.replicas } });
      else await world.create(statefulSets, setDraft(step.replicas) as never);
      return;
    case 'cordon':
      await world.change(nodes, { name: nodeOf(step.machine) }, { spec: { unschedulable: step.unschedulable } });
      return;
    case 'kill':
      world.processOf(step.process).kill();
      return;
    case 'partition':
      world.processOf(step.process).partition();
      return;
    case 'heal':
      for (const name of processes) world.processOf(name).heal();
      return;
    case 'losePower':
      if (world.machine(nodeOf(step.machine)).isOn) await world.losePower(nodeOf(step.machine));
      return;
    case 'boot':
      if (!world.machine(nodeOf(step.machine)).isOn) await world.boot(nodeOf(step.machine));
      return;
    case 'failController':
      backend.fail(step.failure.lands ? 'lostReplies' : 'refusals', step.method, step.failure.code);
      return;
    case 'failNode': {
      const { driver } = world.machine(nodeOf(step.machine));
      const { code, lands } = step.failure;
      driver[lands ? 'lostReplies' : 'refusals'].push(new CsiError(code, 'ordered by the test'));
      return;
    }
    case 'wait':
      await plane.clock.advance(step.seconds * 1000);
  }
}

/** What is there when it begins: each pod has its claim, and a StatefulSet has two pods. */
export async function populate(world: World): Promise<void> {
  for (const nth of [0, 1, 2, 3]) {
    await carryOut(world, { kind: 'createClaim', nth, class: 'now' });
    await carryOut(world, { kind: 'createPod', nth });
  }
  await carryOut(world, { kind: 'scale', replicas: 2 });
  await carryOut(world, { kind: 'wait', seconds: 10 });
}

/** Ends every disturbance; users keep what they have asked for. */
export async function healAll(world: World): Promise<void> {
  for (const name of processes) world.processOf(name).heal();
  world.backend.refusals.clear();
  world.backend.lostReplies.clear();
  for (const [name, { driver, isOn }] of world.machines) {
    driver.refusals.splice(0);
    driver.lostReplies.splice(0);
    if (!isOn) await world.boot(name);
    await world.change(nodes, { name }, { spec: { unschedulable: false } });
  }
}
