import { expect, it } from 'vitest';
import { startControlLoops } from './support/control-loops.ts';
import { ControlPlane } from './support/control-plane.ts';
import { FakeDriver } from './support/fake-driver.ts';
import { FakeKubelet } from './support/fake-kubelet.ts';
import {
  bindStatically,
  createClasses,
  expand,
  moveStatefulSet,
  provisionAndDelete,
  runOtherWorkloads,
} from './support/storage-workloads.ts';

it('controllers and scheduler are refused nothing with the rights that upstream’s roles give', async () => {
  await using plane = await ControlPlane.start();
  const backend = new FakeDriver(plane.clock);
  const loops = await startControlLoops(plane, { backend, restricted: true });
  for (const node of ['n1', 'n2']) await FakeKubelet.start(plane, node, backend.name);
  await createClasses(plane);
  await plane.run();
  for (const workload of [bindStatically, provisionAndDelete, moveStatefulSet, expand, runOtherWorkloads]) {
    await workload(plane);
    expect(loops.refusals, workload.name).toEqual([]);
  }
});
