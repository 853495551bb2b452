import { describe, expect, it } from 'vitest';
import { realClock, realExec } from '../../base/index.ts';
import { VolumeError } from '../errors.ts';
import { died, FakeFlexDriver, failure, hung, notSupported, success } from '../testing/fake-flex-driver.ts';
import { type DriverCommand, FlexDriver } from './flex-driver.ts';

const signal = new AbortController().signal;

function driverWith(exec: FakeFlexDriver): FlexDriver {
  return new FlexDriver({ name: 'k8s/dummy', executable: '/exec/k8s~dummy/dummy', exec });
}

async function failureOf(call: Promise<unknown>): Promise<VolumeError> {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof VolumeError)) throw new Error(`not a VolumeError: ${thrown}`);
  return thrown;
}

describe('a call to a FlexVolume driver', () => {
  it('[M3] runs the executable with the command and its arguments, and answers what it says', async () => {
    const exec = new FakeFlexDriver({ attach: (args) => ({ ...success, device: args.join(' ') }) });
    const answer = await driverWith(exec).call({ command: 'attach', args: ['{}', 'n1'] });
    expect(answer).toMatchObject({ status: 'Success', device: '/exec/k8s~dummy/dummy {} n1' });
    expect(exec.calls).toEqual(['attach {} n1']);
  });

  const failures = [
    [failure('disk on fire'), 'final', 'mount command failed, status: Failure, reason: disk on fire'],
    [{ status: 'success' }, 'final', 'mount command failed, status: success, reason: '],
    ['{}', 'final', 'mount command failed, status: , reason: '],
    ['', 'uncertain', 'unexpected end of JSON input'],
    ['oops', 'uncertain', "invalid character 'o' looking for beginning of value"],
    ['{"status":"Success"}\nnoise', 'uncertain', "invalid character 'n' after top-level value"],
    ['noise\n{"status":"Success"}', 'uncertain', "invalid character 'o' in literal null (expecting 'u')"],
    [died({ exitCode: 1, stdout: JSON.stringify(failure('no')) }), 'final', 'reason: no'],
    [died({ exitCode: 127 }), 'uncertain', 'unexpected end of JSON input (exit status 127)'],
    [died({ exitCode: 1, stdout: '{"status":"Success"}' }), 'uncertain', 'exit status 1'],
    [died({ killedBy: 'SIGSEGV' }), 'uncertain', 'unexpected end of JSON input (signal: SIGSEGV)'],
    [hung(), 'uncertain', 'timeout: mount did not end within 600 s and was killed'],
    [hung('{"status":"Success"}'), 'uncertain', 'timeout: mount did not end within 600 s and was killed'],
  ] as const;
  it.each(failures)('[M3] [rel-X40] [rel-X41] [rel-F-DR10] that ends as %j fails', async (answer, kind, message) => {
    const call = driverWith(new FakeFlexDriver({ mount: answer })).call({ command: 'mount', args: ['/x', '{}'] });
    const error = await failureOf(call);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(message);
  });

  it.each([
    ['with status 0', notSupported],
    ['with another status', died({ exitCode: 1, stdout: JSON.stringify(notSupported) })],
  ])('[M3] is made once only for a command that is not supported, %s', async (_how, answer) => {
    const exec = new FakeFlexDriver({ mount: answer, unmount: success });
    const driver = driverWith(exec);
    expect(await driver.call({ command: 'mount' })).toBe('notSupported');
    expect(await driver.call({ command: 'mount' })).toBe('notSupported');
    await driver.call({ command: 'unmount' });
    expect(exec.calls).toEqual(['mount', 'unmount']);
  });

  it.each<[DriverCommand, number]>([
    ['init', 120_000],
    ['getvolumename', 120_000],
    ['attach', 120_000],
    ['detach', 120_000],
    ['isattached', 120_000],
    ['unmount', 120_000],
    ['unmountdevice', 120_000],
    ['expandvolume', 120_000],
    ['waitforattach', 600_000],
    ['mountdevice', 600_000],
    ['mount', 600_000],
    ['expandfs', 600_000],
  ])('[M3] [rel-R11] of %s has %i ms', async (command, timeoutMs) => {
    const exec = new FakeFlexDriver();
    await driverWith(exec).call({ command });
    expect(exec.timeouts.get(command)).toBe(timeoutMs);
  });

  it('[M7] [rel-S-SE3] shows no secret in its failure, plain or encoded', async () => {
    const secret = Buffer.from('open sesame').toString('base64');
    const said = failure(`wrong password ${secret}, that is open sesame`);
    const call = driverWith(new FakeFlexDriver({ mount: said })).call({ command: 'mount', secrets: [secret] });
    expect((await failureOf(call)).message).toBe(
      'mount command failed, status: Failure, reason: wrong password ***, that is ***',
    );
  });

  it('[rel-X40] keeps 4 KiB of what a driver says', async () => {
    const call = driverWith(new FakeFlexDriver({ mount: failure('x'.repeat(1_000_000)) })).call({ command: 'mount' });
    expect((await failureOf(call)).message).toHaveLength(4096);
  });

  it('[rel-X41] waits while 64 others of the driver run, and then has its turn', async () => {
    const ends: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const exec = new FakeFlexDriver({
      attach: async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => {
          ends.push(resolve);
        });
        running--;
        return success;
      },
    });
    const driver = driverWith(exec);
    const calls = Array.from({ length: 200 }, () => driver.call({ command: 'attach' }));
    for (let ended = 0; ended < 200; ended++) {
      await expect.poll(() => ends.length).toBeGreaterThan(ended);
      ends[ended]?.();
    }
    await Promise.all(calls);
    expect([most, running, exec.calls.length]).toEqual([64, 0, 200]);
  });

  it('[M4] takes the capabilities from init, and fails when init is not supported', async () => {
    const said = { ...success, capabilities: { attach: false, supportsMetrics: true } };
    const driver = driverWith(new FakeFlexDriver({ init: said }));
    await driver.init(signal);
    expect(driver.capabilities).toMatchObject({ attach: false, supportsMetrics: true, fsGroup: true });
    await expect(driverWith(new FakeFlexDriver({ init: notSupported })).init(signal)).rejects.toThrow('Not supported');
  });
});

describe('the process of a FlexVolume driver', () => {
  const shell = (script: string) => {
    const exec = realExec(realClock);
    const run: typeof exec.run = (_command, args, options) =>
      exec.run('sh', ['-c', script, 'driver', ...args], options);
    return new FlexDriver({ name: 'd', executable: '/d', exec: { run } });
  };

  it('[M3] may write its answer to either stream', async () => {
    const script = 'echo \'{"status":"Success","device":"/dev/x"}\' >&2';
    expect(await shell(script).call({ command: 'attach' })).toMatchObject({ device: '/dev/x' });
  });

  it('[rel-F-DR10] [rel-X40] is killed when it writes without end', async () => {
    const error = await failureOf(shell('yes').call({ command: 'attach' }));
    expect(error.message).toContain("invalid character 'y' looking for beginning of value");
    expect(error.message).toContain('wrote more than 1048576 bytes and was killed');
    expect(error.kind).toBe('uncertain');
  });

  it('[rel-X41] gets nothing to read', async () => {
    const script = 'read line; echo "{\\"status\\":\\"Success\\",\\"device\\":\\"$line.\\"}"';
    expect(await shell(script).call({ command: 'attach' })).toMatchObject({ device: '.' });
  });

  it('[rel-S-FS14] has its arguments as they are: nothing in them is run', async () => {
    const script = 'printf \'{"status":"Success","device":"%s"}\' "$2"';
    const call = shell(script).call({ command: 'attach', args: ['$(id); `id`'] });
    expect(await call).toMatchObject({ device: '$(id); `id`' });
  });
});
