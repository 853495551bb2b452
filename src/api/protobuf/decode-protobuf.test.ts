import { describe, expect, it } from 'vitest';
import { ApiStatusError } from '../meta/status.ts';
import { decodeProtobuf } from './decode-protobuf.ts';
import { encodeProtobuf } from './testing/encode-protobuf.ts';

const parseJson = (text: string): unknown => JSON.parse(text);
const decode = (body: Uint8Array): unknown => decodeProtobuf(body, { parseJson });
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

function number(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** A string, bytes or message. */
function run(field: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number((field << 3) | 2), number(bytes.length), bytes]);
}

function varint(field: number, ...bytes: number[]): Buffer {
  return Buffer.concat([number(field << 3), Buffer.from(bytes)]);
}

function body(apiVersion: string, kind: string, ...fields: Uint8Array[]): Uint8Array {
  const typeMeta = run(1, Buffer.concat([run(1, apiVersion), run(2, kind)]));
  return Buffer.concat([Buffer.from('k8s\0'), typeMeta, run(2, Buffer.concat(fields)), run(3, ''), run(4, '')]);
}

const claim = (...fields: Uint8Array[]): Uint8Array => body('v1', 'PersistentVolumeClaim', ...fields);

function refusalOf(bytes: Uint8Array): ApiStatusError {
  try {
    decode(bytes);
  } catch (thrown) {
    if (thrown instanceof ApiStatusError) return thrown;
    throw thrown;
  }
  throw new RangeError('nothing was refused');
}

describe('protobuf bodies', () => {
  it('[A3] reads the namespace that kubectl sends, without the fields that it left empty', () => {
    const sent = hex(
      '6b3873000a0f0a02763112094e616d657370616365121c0a140a0464656d6f12001a0022002a00320038004200 12001a020a001a002200',
    );
    expect(decode(sent)).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'demo' },
      spec: {},
      status: {},
    });
  });

  it('[A3] reads the deployment that kubectl sends: numbers, maps, lists and nested messages', () => {
    const sent = hex(
      `6b3873000a150a07617070732f7631120a4465706c6f796d656e7412bc010a210a047765623212001a0022002a003200380042005a0b0a03
       6170701204776562321288010801120d0a0b0a036170701204776562321a6d0a1d0a0012001a0022002a003200380042005a0b0a036170701204
       77656232124c122e0a056e67696e7812056e67696e782a00320a0a001000185022002a0042006a007200800100880100900100a201001a00320042
       004a0052005800600068008201008a01009a0100c2010022020a00280038001a0c0800100018002000280038001a002200`.replace(
        /\s/g,
        '',
      ),
    );
    const labels = { app: 'web2' };
    const container = { name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} };
    expect(decode(sent)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web2', labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
        strategy: {},
      },
      status: {},
    });
  });

  it('[A3] keeps an empty value where it is one, and drops it where it means that nothing was set', () => {
    const spec = Buffer.concat([run(3, ''), run(5, '')]);
    expect(decode(claim(run(2, spec)))).toMatchObject({ spec: { storageClassName: '' } });
    expect(decode(claim(run(2, spec)))).not.toHaveProperty('spec.volumeName');
    expect(decode(body('scheduling.k8s.io/v1', 'PriorityClass', varint(2, 0), varint(3, 0)))).toEqual({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      value: 0,
    });
  });

  it('[A3] reads the fields of a struct that Go inlines where JSON has them', () => {
    const handle = { driver: 'd', volumeHandle: 'h' };
    const spec = run(2, run(22, Buffer.concat([run(1, 'd'), run(2, 'h')])));
    expect(decode(body('v1', 'PersistentVolume', run(2, spec)))).toMatchObject({ spec: { csi: handle } });
  });

  it('[A3] reads times, quantities, numbers or names, bytes, and JSON', () => {
    const time = Buffer.concat([varint(1, 0x80, 0xab, 0xb4, 0xb6, 0x06), varint(2, 0xb8, 0x17)]);
    const lease = decode(body('coordination.k8s.io/v1', 'Lease', run(2, run(4, time))));
    expect(lease).toMatchObject({ spec: { renewTime: '2024-08-26T23:53:36.000003Z' } });
    const metadata = Buffer.concat([run(8, time), run(9, '')]);
    expect(decode(claim(run(1, metadata)))).toMatchObject({ metadata: { creationTimestamp: '2024-08-26T23:53:36Z' } });
    const managed = run(17, run(7, run(1, '{"f:a":{}}')));
    expect(decode(claim(run(1, managed)))).toMatchObject({
      metadata: { managedFields: [{ fieldsV1: { 'f:a': {} } }] },
    });
    const requests = run(2, Buffer.concat([run(1, 'storage'), run(2, run(1, '1Gi'))]));
    expect(decode(claim(run(2, run(2, requests))))).toMatchObject({
      spec: { resources: { requests: { storage: '1Gi' } } },
    });
    const secret = body('v1', 'Secret', run(2, Buffer.concat([run(1, 'k'), run(2, Buffer.from([0, 255]))])));
    expect(decode(secret)).toMatchObject({ data: { k: 'AP8=' } });
    const percent = Buffer.concat([varint(1, 1), varint(2, 0), run(3, '50%')]);
    expect(decode(body('policy/v1', 'PodDisruptionBudget', run(2, run(1, percent))))).toMatchObject({
      spec: { minAvailable: '50%' },
    });
  });

  it('[A3][rel-X5] does not round an integer of 64 bits', () => {
    const most = varint(7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    expect(decode(claim(run(1, most)))).toMatchObject({ metadata: { generation: '9223372036854775807' } });
    const minusOne = varint(7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    expect(decode(claim(run(1, minusOne)))).toMatchObject({ metadata: { generation: -1 } });
  });

  it('reads a list of numbers in one run and one by one', () => {
    const pod = (groups: Uint8Array) => decode(body('v1', 'Pod', run(2, run(14, groups))));
    const expected = { spec: { securityContext: { supplementalGroups: [1, 300] } } };
    expect(pod(run(4, Buffer.from([1, 0xac, 0x02])))).toMatchObject(expected);
    expect(pod(Buffer.concat([varint(4, 1), varint(4, 0xac, 0x02)]))).toMatchObject(expected);
  });

  it('joins a message that comes in parts, and passes over fields that it does not know', () => {
    const fixed64 = Buffer.from([0x79, 1, 2, 3, 4, 5, 6, 7, 8]);
    const unknown = Buffer.concat([varint(200, 1), run(15, 'x'), fixed64]);
    const parts = claim(run(1, run(1, 'a')), unknown, run(1, run(3, 'b')));
    expect(decode(parts)).toMatchObject({ metadata: { name: 'a', namespace: 'b' } });
  });

  it('takes a map key called __proto__ for data', () => {
    const labels = run(11, Buffer.concat([run(1, '__proto__'), run(2, 'x')]));
    const { metadata } = decode(claim(run(1, labels))) as { metadata: { labels: object } };
    expect(Object.entries(metadata.labels)).toEqual([['__proto__', 'x']]);
  });

  it('[A3] reads the options of a deletion whatever group they are sent to', () => {
    const options = { propagationPolicy: 'Orphan', gracePeriodSeconds: 0 };
    const sent = encodeProtobuf({ apiVersion: 'storage.k8s.io/v1', kind: 'DeleteOptions', ...options });
    expect(decode(sent)).toMatchObject(options);
  });

  it('has no protobuf form for custom kinds and for definitions', () => {
    expect(decode(body('example.com/v1', 'Widget', run(1, '')))).toBeUndefined();
    expect(decode(body('apiextensions.k8s.io/v1', 'CustomResourceDefinition', run(1, '')))).toBeUndefined();
    expect(decode(body('v1', 'constructor'))).toBeUndefined();
  });
});

describe('hostile protobuf bodies', () => {
  const metadata = (...fields: Uint8Array[]) => claim(run(1, Buffer.concat(fields)));

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['JSON', Buffer.from('{"kind":"Pod"}')],
    ['an envelope without a kind', hex('6b387300 0a00 1200')],
    ['a length past the end', hex('6b387300 0a7f 00')],
    ['a length of 4 GiB', hex('6b387300 0affffffff0f 00')],
    ['a number without an end', metadata(varint(7, 0x80))],
    ['a number of eleven bytes', metadata(varint(7, ...Array(11).fill(0xff)))],
    ['a field number of zero', metadata(Buffer.from([0x02, 0x00]))],
    ['a group', metadata(Buffer.from([0x0b, 0x0b, 0x0b]))],
    ['the end of a group', metadata(Buffer.from([0x0c]))],
    ['a number in the place of a string', metadata(varint(1, 5))],
    ['a string in the place of a number', metadata(run(7, 'x'))],
    ['a double in the place of a message', claim(Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8]))],
    ['text that is not UTF-8', metadata(run(1, Buffer.from([0xc3, 0x28])))],
    ['a time in the far future', metadata(run(8, varint(1, ...Array(8).fill(0xff), 0x7f)))],
    [
      'more nanoseconds than a second has',
      metadata(run(8, Buffer.concat([varint(1, 1), varint(2, ...Array(4).fill(0xff), 7)]))),
    ],
    ['JSON that is none', metadata(run(17, run(7, run(1, '{'))))],
  ])('[A3] refuses %s', (_what, bytes) => {
    const refusal = refusalOf(bytes);
    expect(refusal.status.reason).toBe('BadRequest');
    expect(refusal.message).toContain('the protobuf body cannot be read');
  });

  it('[A3] reads a million numbers in one run without running out of stack', () => {
    const groups = run(4, Buffer.alloc(1_000_000, 1));
    const pod = decode(body('v1', 'Pod', run(2, run(14, groups))));
    expect(pod).toHaveProperty('spec.securityContext.supplementalGroups.length', 1_000_000);
  });
});
