import { expect, test } from 'vitest';
import { managerNameOf } from './manager-name.ts';

test('[O14] is one name for the cluster, and one for each node', () => {
  expect(managerNameOf(undefined)).toBe('external-provisioner');
  expect(managerNameOf('worker-1')).toBe('external-provisioner-worker-1');
});

test('[O14] is short enough for a label, and another for each node all the same', () => {
  const names = ['a', 'b'].map((end) => managerNameOf(`ip-10-0-0-1.eu-central-1.compute.internal.example.com-${end}`));
  for (const name of names) expect(name).toMatch(/^external-provisioner-ip-[a-z0-9.-]+-[0-9a-f]{8}$/);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(63);
  expect(names[0]).not.toBe(names[1]);
  expect(managerNameOf('n'.repeat(42))).toBe(`external-provisioner-${'n'.repeat(42)}`);
});
