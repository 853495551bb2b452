import { describe, expect, it } from 'vitest';
import { ApiStatusError, type Patch, type Pod, type PodStatus } from '../../api/index.ts';
import { silentLogger, VirtualClock } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';
import { StatusWriter } from './status-writer.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { containers: [] },
  status: { phase: 'Pending' },
};

/** The pod as the API server shows it at a resourceVersion. */
function shown(resourceVersion: string, status: PodStatus): Pod {
  return { ...pod, metadata: { ...pod.metadata, resourceVersion }, status };
}

class PatchLog {
  readonly bodies: { metadata: object; status: PodStatus }[] = [];
  failures: Error[] = [];
  readonly client = {
    patch: async (_: unknown, __: unknown, patch: Patch) => {
      const failure = this.failures.shift();
      if (failure) throw failure;
      const body = patch.body as PatchLog['bodies'][number];
      this.bodies.push(body);
      return shown(String(1 + this.bodies.length), body.status);
    },
  } as unknown as Client;
  get phases() {
    return this.bodies.map(({ status }) => status.phase);
  }
}

function setUp() {
  const clock = new VirtualClock();
  const log = new PatchLog();
  const writer = new StatusWriter({ client: log.client, clock, logger: silentLogger });
  return { clock, log, writer };
}

describe('StatusWriter', () => {
  it('writes nothing when the API server holds the status already', async () => {
    const { clock, log, writer } = setUp();
    writer.set(pod, { phase: 'Pending' });
    writer.set(pod, { phase: 'Running', podIP: '1' });
    await writer.flush('u');
    writer.set(pod, { podIP: '1', phase: 'Running' });
    await clock.settle();
    expect(log.phases).toEqual(['Running']);
  });

  it('writes only the newest status of those that came meanwhile', async () => {
    const { log, writer } = setUp();
    for (const phase of ['Running', 'Failed', 'Succeeded']) writer.set(pod, { phase });
    await writer.flush('u');
    expect(log.phases).toEqual(['Running', 'Succeeded']);
  });

  it('takes back what is not said any more, and names the pod it means', async () => {
    const { log, writer } = setUp();
    writer.set(pod, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
    await writer.flush('u');
    expect(log.bodies[0]).toMatchObject({
      metadata: { uid: 'u' },
      status: { reason: null, message: null, conditions: [{ type: 'Ready', reason: null, message: null }] },
    });
  });

  it('[rel-L9] says again what others have changed meanwhile, and is not misled by what was before its own words', async () => {
    const { log, writer } = setUp();
    const statusOf = (status: string): PodStatus => ({ phase: 'Running', conditions: [{ type: 'Ready', status }] });
    writer.set(pod, statusOf('True'));
    await writer.flush('u');
    writer.set(shown('1', statusOf('False')), statusOf('True'));
    writer.set(shown('2', statusOf('True')), statusOf('True'));
    expect(log.bodies).toHaveLength(1);
    writer.set(shown('10', statusOf('False')), statusOf('True'));
    await writer.flush('u');
    expect(log.bodies).toHaveLength(2);
  });

  it('tries again while the API server is away, and gives up on a pod that is gone', async () => {
    const { clock, log, writer } = setUp();
    log.failures = [new Error('down'), new Error('down')];
    writer.set(pod, { phase: 'Running' });
    await clock.advance(2_000);
    expect(log.phases).toEqual(['Running']);
    log.failures = [ApiStatusError.notFound({ group: '', plural: 'pods' }, 'p')];
    writer.set(pod, { phase: 'Failed' });
    await clock.advance(60_000);
    expect(log.phases).toEqual(['Running']);
    await writer[Symbol.asyncDispose]();
    expect(clock.pendingTimers).toBe(0);
  });
});
