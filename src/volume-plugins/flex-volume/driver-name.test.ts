import { describe, expect, it } from 'vitest';
import { executableName, isDriverName, parseFlexVolumeName } from './driver-name.ts';

describe('the name of a driver', () => {
  it.each([
    ['disk', 'disk'],
    ['alicloud/disk', 'disk'],
    ['k8s/dummy-attachable', 'dummy-attachable'],
    ['example.com/a.b_c', 'a.b_c'],
  ])('[M1] %s runs %s', (name, executable) => {
    expect(isDriverName(name)).toBe(true);
    expect(executableName(name)).toBe(executable);
  });

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a/b/c',
    '..',
    '../../bin/sh',
    'a/../../x',
    'vendor/..',
    './d',
    'vendor/./d',
    '.hidden',
    'vendor/.hidden',
    'a\0b',
    'Vendor/a',
    'a b',
    'x'.repeat(4096),
    `${'v'.repeat(254)}/a`,
    'kubernetes.io/csi',
  ])('[M1] [rel-S-FS14] is not %j', (name) => {
    expect(isDriverName(name)).toBe(false);
  });

  it.each([
    ['k8s/dummy/vol', { driver: 'k8s/dummy', volume: 'vol' }],
    ['dummy/vol', { driver: 'dummy', volume: 'vol' }],
    ['kubernetes.io/csi/d^h', undefined],
    ['kubernetes.io/nfs/server/path', undefined],
    ['vol', undefined],
    ['k8s/dummy/', undefined],
  ])('[M9] and that of its volume are told apart in %s', (name, parts) => {
    expect(parseFlexVolumeName(name)).toEqual(parts);
  });
});
