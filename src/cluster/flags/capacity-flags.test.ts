import { describe, expect, it } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { capacitySettings } from './capacity-flags.ts';
import { readSidecarFlags } from './csi-sidecar-flags.ts';

const pod = { NAMESPACE: 'storage', POD_NAME: 'driver-0' };
const settings = (given: Record<string, string>, env: Record<string, string> = pod) =>
  capacitySettings(readSidecarFlags(new Map(Object.entries(given))), env);

describe('the flags of published capacity', () => {
  it('[O14] publish nothing unless told to', () => {
    expect(settings({})).toBeUndefined();
    expect(settings({ 'capacity-threads': '3' }, {})).toBeUndefined();
  });

  it('[O14] are upstream’s when nothing else is given', () => {
    expect(settings({ 'enable-capacity': 'true' })).toEqual({
      flags: {
        namespace: 'storage',
        threads: 1,
        pollIntervalMs: 60_000,
        forImmediateBinding: false,
        retryIntervalStartMs: 1_000,
        retryIntervalMaxMs: 300_000,
      },
      owner: { podName: 'driver-0', level: 1 },
      rateLimit: undefined,
    });
  });

  it('[O14] set what they say', () => {
    const given = {
      'enable-capacity': 'true',
      'capacity-threads': '4',
      'capacity-poll-interval': '5m',
      'capacity-for-immediate-binding': 'true',
      'capacity-ownerref-level': '2',
      'kube-api-capacity-qps': '1',
      'kube-api-capacity-burst': '5',
      timeout: '30s',
    };
    expect(settings(given)).toMatchObject({
      flags: { threads: 4, pollIntervalMs: 300_000, forImmediateBinding: true, timeoutMs: 30_000 },
      owner: { podName: 'driver-0', level: 2 },
      rateLimit: { qps: 1, burst: 5 },
    });
    expect(settings({ 'enable-capacity': 'true', 'kube-api-capacity-qps': '1.5' })?.rateLimit).toEqual({
      qps: 1.5,
      burst: 3,
    });
  });

  it('[O14] need no pod where nobody is to own the objects', () => {
    const given = { 'enable-capacity': 'true', 'capacity-ownerref-level': '-1' };
    expect(settings(given, { NAMESPACE: 'storage' })?.owner).toBeUndefined();
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['need NAMESPACE env variable for CSIStorageCapacity objects', {}, { POD_NAME: 'driver-0' }],
    ['need POD_NAME env variable to determine CSIStorageCapacity owner', {}, { NAMESPACE: 'storage' }],
    ['--capacity-ownerref-level: "-2" is too small', { 'capacity-ownerref-level': '-2' }, pod],
    ['--capacity-threads: "0" is too small', { 'capacity-threads': '0' }, pod],
    ['--capacity-poll-interval: "0s" is too small', { 'capacity-poll-interval': '0s' }, pod],
  ])('[O14] are refused: %s', (message, given, env) => {
    const read = () => settings({ 'enable-capacity': 'true', ...given }, env);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});
