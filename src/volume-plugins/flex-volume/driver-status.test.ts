import { describe, expect, it } from 'vitest';
import { defaultCapabilities, parseDriverStatus } from './driver-status.ts';

const empty = { status: '', message: '', device: '', attached: false, capabilities: defaultCapabilities };
const field = (name: string, type: string) => `Go struct field DriverStatus.${name} of type ${type}`;

describe('the answer of a driver', () => {
  it.each([
    ['{"status":"Success"}', { status: 'Success' }],
    ['{"status":"Failure","message":"no"}\n', { status: 'Failure', message: 'no' }],
    ['{"STATUS":"Success","Device":"/dev/x"}', { status: 'Success', device: '/dev/x' }],
    ['{"status":"Failure","status":"Success"}', { status: 'Success' }],
    ['{"status":"Success","attached":true,"volumeName":"v","more":[1]}', { status: 'Success', attached: true }],
    ['{"status":null,"attached":null}', {}],
    ['null', {}],
    ['{"status":"Success","volumeNewSize":9007199254740993}', { status: 'Success' }],
  ])('[M3] [rel-X40] %s is read', (output, status) => {
    expect(parseDriverStatus(output)).toEqual({ ...empty, ...status });
  });

  it.each([
    ['{}', {}],
    ['null', {}],
    ['{"attach":false}', { attach: false }],
    ['{"selinuxRelabel":false}', { seLinuxRelabel: false }],
    ['{"supportsMetrics":true}', { supportsMetrics: true }],
    ['{"fsGroup":false}', { fsGroup: false }],
    ['{"requiresFSResize":false}', { requiresFsResize: false }],
    ['{"RequiresFsResize":false,"unheardOf":1}', { requiresFsResize: false }],
  ])('[M4] capabilities %s are completed', (capabilities, said) => {
    const { capabilities: found } = parseDriverStatus(`{"status":"Success","capabilities":${capabilities}}`);
    expect(found).toEqual({
      attach: true,
      seLinuxRelabel: true,
      supportsMetrics: false,
      fsGroup: true,
      requiresFsResize: true,
      ...said,
    });
  });

  it.each([
    ['[]', 'array into Go value of type flexvolume.DriverStatus'],
    ['"Success"', 'string into Go value of type flexvolume.DriverStatus'],
    ['1', 'number into Go value of type flexvolume.DriverStatus'],
    ['true', 'bool into Go value of type flexvolume.DriverStatus'],
    ['{"status":1}', `number into ${field('status', 'string')}`],
    ['{"message":{}}', `object into ${field('message', 'string')}`],
    ['{"device":["/dev/x"]}', `array into ${field('device', 'string')}`],
    ['{"volumeName":false}', `bool into ${field('volumeName', 'string')}`],
    ['{"attached":"true"}', `string into ${field('attached', 'bool')}`],
    ['{"volumeNewSize":"1Gi"}', `string into ${field('volumeNewSize', 'int64')}`],
    ['{"volumeNewSize":1.5}', `number 1.5 into ${field('volumeNewSize', 'int64')}`],
    ['{"volumeNewSize":9223372036854775808}', `number 9223372036854776000 into ${field('volumeNewSize', 'int64')}`],
    ['{"capabilities":[]}', `array into ${field('Capabilities', 'flexvolume.DriverCapabilities')}`],
    ['{"capabilities":{"attach":"no"}}', `string into ${field('Capabilities.attach', 'bool')}`],
  ])('[M3] [rel-X40] %s is refused', (output, problem) => {
    expect(() => parseDriverStatus(output)).toThrow(`json: cannot unmarshal ${problem}`);
  });
});
