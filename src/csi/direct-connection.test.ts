import { expect, test } from 'vitest';
import { VirtualClock } from '../base/index.ts';
import { createCsiClient } from './client.ts';
import { Code } from './codes.ts';
import type { CallReport } from './connection.ts';
import { directConnection } from './direct-connection.ts';
import { CsiError } from './errors.ts';
import { Controller, type CreateVolumeRequest, Node } from './proto/gen/csi_pb.ts';
import { type Interceptor, serve } from './service.ts';

test('calls the handlers with a copy of the request and observes the call in virtual time', async () => {
  const clock = new VirtualClock();
  const calls: CallReport[] = [];
  let kept: CreateVolumeRequest | undefined;
  const delay: Interceptor = async ({ signal }, next) => {
    await clock.sleep(300, signal);
    return await next();
  };
  const service = serve(Controller, {
    createVolume: async (request) => {
      kept = request;
      return { volume: { volumeId: 'v' } };
    },
  });
  const connection = directConnection({
    clock,
    services: [service],
    interceptors: [delay],
    onCall: (report) => calls.push(report),
  });
  const client = createCsiClient(Controller, connection, { timeoutMs: 1_000 });
  const parameters = { kind: 'fast' };
  const call = client.createVolume({ name: 'a', parameters });
  await clock.advance(300);
  expect((await call).volume?.volumeId).toBe('v');
  parameters.kind = 'slow';
  expect(kept?.parameters).toEqual({ kind: 'fast' });
  expect(calls).toEqual([{ method: '/csi.v1.Controller/CreateVolume', code: 0, durationMs: 300 }]);
});

test('[rel-F-DR2] ends a call at its deadline in virtual time although the handler goes on', async () => {
  const clock = new VirtualClock();
  let done = false;
  const service = serve(Controller, {
    deleteVolume: async () => {
      await clock.sleep(5_000);
      done = true;
      return {};
    },
  });
  const client = createCsiClient(Controller, directConnection({ clock, services: [service] }), { timeoutMs: 1_000 });
  const call = client.deleteVolume({ volumeId: 'v' });
  const failed = expect(call).rejects.toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  await clock.advance(1_000);
  await failed;
  expect(done).toBe(false);
  await clock.advance(4_000);
  expect(done).toBe(true);
});

test('gives errors the codes that gRPC gives them', async () => {
  const clock = new VirtualClock();
  const service = serve(Controller, {
    createVolume: async () => {
      throw new CsiError(Code.RESOURCE_EXHAUSTED, 'full');
    },
    deleteVolume: async () => {
      throw new Error('bug');
    },
  });
  const connection = directConnection({ clock, services: [service] });
  const client = createCsiClient(Controller, connection, { timeoutMs: 1_000 });
  await expect(client.createVolume({})).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED, desc: 'full' });
  await expect(client.deleteVolume({})).rejects.toMatchObject({ code: Code.INTERNAL });
  await expect(client.getCapacity({})).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
  const node = createCsiClient(Node, connection, { timeoutMs: 1_000 });
  await expect(node.nodeGetInfo({})).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
  const signal = AbortSignal.abort();
  await expect(client.createVolume({}, { signal })).rejects.toMatchObject({ code: Code.CANCELED });
});
