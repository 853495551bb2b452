import { expect, test } from 'vitest';
import { Code } from '../../csi/index.ts';
import { OperationLocks } from './operation-locks.ts';

const aborted = { name: 'CsiError', code: Code.ABORTED, desc: 'an operation on v is pending' };

function pending() {
  return Promise.withResolvers<void>();
}

test('[N2] refuses an operation on a volume while another one runs alone', async () => {
  const locks = new OperationLocks();
  const { promise, resolve } = pending();
  const first = locks.runAlone('v', () => promise);
  await expect(locks.runAlone('v', async () => {})).rejects.toMatchObject(aborted);
  await expect(locks.runScoped('v', 'stage n0', async () => {})).rejects.toMatchObject(aborted);
  await expect(locks.runShared('v', async () => {})).rejects.toMatchObject(aborted);
  await locks.runAlone('w', async () => {});
  resolve();
  await first;
  await locks.runAlone('v', async () => {});
});

test('lets operations of different scopes run side by side, and none alone meanwhile', async () => {
  const locks = new OperationLocks();
  const { promise, resolve } = pending();
  const first = locks.runScoped('v', 'publish /a', () => promise);
  await locks.runScoped('v', 'publish /b', async () => {});
  await expect(locks.runScoped('v', 'publish /a', async () => {})).rejects.toMatchObject(aborted);
  await expect(locks.runAlone('v', async () => {})).rejects.toMatchObject(aborted);
  resolve();
  await first;
  await locks.runAlone('v', async () => {});
});

test('lets any number read and forgets an operation that failed', async () => {
  const locks = new OperationLocks();
  const { promise, resolve } = pending();
  const readers = [locks.runShared('v', () => promise), locks.runShared('v', () => promise)];
  await expect(locks.runAlone('v', async () => {})).rejects.toMatchObject(aborted);
  resolve();
  await Promise.all(readers);
  await expect(locks.runAlone('v', () => Promise.reject(new RangeError('x')))).rejects.toThrow(RangeError);
  await locks.runAlone('v', async () => {});
});
