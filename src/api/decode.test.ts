import { describe, expect, it } from 'vitest';
import { decode, decodeStruct, strictDecodingMessage } from './decode.ts';
import { duplicateFields } from './duplicate-fields.ts';
import type { ResourceType } from './meta/resource-type.ts';
import { csiNodes, leases, persistentVolumeClaims, persistentVolumes, pods, secrets, services } from './resources.ts';

const claim = (spec: unknown, metadata: unknown = { name: 'b' }) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata,
  spec,
});

function messageOf(type: ResourceType, raw: unknown): string {
  try {
    decode(type, raw);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

const prefix = 'PersistentVolumeClaim in version "v1" cannot be handled as a PersistentVolumeClaim: ';

describe('decode', () => {
  it('returns the input itself when there is nothing to change', () => {
    const raw = claim({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } });
    expect(decode(persistentVolumeClaims, raw)).toEqual({ object: raw, unknownFields: [] });
    expect(decode(persistentVolumeClaims, raw).object).toBe(raw);
  });

  it.each<[ResourceType, unknown, string]>([
    [
      persistentVolumeClaims,
      claim({ accessModes: 'ReadWriteOnce' }),
      `${prefix}json: cannot unmarshal string into Go struct field PersistentVolumeClaimSpec.spec.accessModes of type []v1.PersistentVolumeAccessMode`,
    ],
    [
      persistentVolumeClaims,
      claim({ resources: { requests: { storage: '1Gx' } } }),
      `${prefix}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    [
      persistentVolumeClaims,
      claim('x'),
      `${prefix}json: cannot unmarshal string into Go struct field PersistentVolumeClaim.spec of type v1.PersistentVolumeClaimSpec`,
    ],
    [
      persistentVolumeClaims,
      claim({}, { labels: { a: 1 } }),
      `${prefix}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string`,
    ],
    [
      persistentVolumeClaims,
      claim({ resources: { requests: 'x' } }),
      `${prefix}json: cannot unmarshal string into Go struct field VolumeResourceRequirements.spec.resources.requests of type v1.ResourceList`,
    ],
    [
      pods,
      { spec: { containers: [{ name: 'c', ports: [{ containerPort: 1.5 }] }] } },
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      pods,
      { spec: { terminationGracePeriodSeconds: 2 ** 63, containers: [] } },
      'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number 9223372036854776000 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64',
    ],
    [
      secrets,
      { data: { a: 'x' } },
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
    ],
    [
      secrets,
      { data: { a: 'ab*d' } },
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 2',
    ],
    [
      pods,
      { metadata: { creationTimestamp: 'yesterday' } },
      'Pod in version "v1" cannot be handled as a Pod: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    [
      services,
      { spec: { ports: [{ port: 1, targetPort: true }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal bool into Go value of type int32',
    ],
  ])('[rel-X7] refuses a wrong type of %# in the words of Kubernetes', (type, raw, message) => {
    expect(messageOf(type, raw)).toBe(message);
  });

  it('[rel-X7] names unknown fields and prunes them', () => {
    const { object, unknownFields } = decode(pods, {
      metadata: { name: 'p', foo: 1 },
      spec: { containers: [{ name: 'c' }, { name: 'd', imagee: 'x' }], volumez: [] },
      bar: {},
    });
    expect(unknownFields).toEqual(['metadata.foo', 'spec.containers[1].imagee', 'spec.volumez', 'bar']);
    expect(object).toEqual({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }, { name: 'd' }] } });
    expect(strictDecodingMessage({ unknown: ['spec.storageClas'], duplicate: [] })).toBe(
      'strict decoding error: unknown field "spec.storageClas"',
    );
  });

  it('[rel-X7] takes null for absent, and gives null items their zero value', () => {
    const raw = claim({ storageClassName: null, accessModes: ['ReadWriteOnce', null] }, { name: 'a', labels: null });
    expect(decode(persistentVolumeClaims, raw).object).toEqual(
      claim({ accessModes: ['ReadWriteOnce', ''] }, { name: 'a' }),
    );
  });

  it('keeps empty structs and empty strings, and drops empty optional collections', () => {
    const spec = { storageClassName: '', selector: {}, accessModes: [] };
    expect(decode(persistentVolumeClaims, claim(spec, { name: 'a', annotations: {} })).object).toEqual(
      claim({ storageClassName: '', selector: {} }, { name: 'a' }),
    );
    expect(decode(csiNodes, { spec: { drivers: [] } }).object).toEqual({ metadata: {}, spec: { drivers: [] } });
  });

  it('[rel-X12] spells quantities canonically', () => {
    const raw = { metadata: { name: 'v' }, spec: { capacity: { storage: '1024Mi', other: 1000 } } };
    expect(decode(persistentVolumes, raw).object).toEqual({
      metadata: { name: 'v' },
      spec: { capacity: { storage: '1Gi', other: '1k' } },
    });
    expect(raw.spec.capacity.storage).toBe('1024Mi');
  });

  it.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['2026-01-01T02:00:00.5+02:00', '2026-01-01T00:00:00Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59Z'],
  ])('[rel-X24] writes the time %s in UTC', (text, normalised) => {
    const { object } = decode(pods, { metadata: { creationTimestamp: text } });
    expect(object.metadata.creationTimestamp).toBe(normalised);
  });

  it.each(['2026-13-01T00:00:00Z', '2026-02-29T00:00:00Z', '2026-01-01', '2026-01-01T25:00:00Z', ''])(
    '[rel-X24] refuses the time %s',
    (text) => {
      expect(messageOf(pods, { metadata: { creationTimestamp: text } })).toContain('parsing time');
    },
  );

  it('keeps microseconds of a Lease', () => {
    const { object } = decode(leases, { metadata: {}, spec: { renewTime: '2026-01-01T00:00:00.123456Z' } });
    expect(object).toMatchObject({ spec: { renewTime: '2026-01-01T00:00:00.123456Z' } });
  });

  it('[rel-X4] keeps hostile keys as plain data', () => {
    const raw: unknown = JSON.parse(
      '{"metadata":{"name":"s","annotations":{"__proto__":"x","constructor":"y"}},"data":{"__proto__":"YQ==\\n","toString":"YQ=="},"__proto__":{}}',
    );
    const { object, unknownFields } = decode(secrets, raw);
    expect(JSON.stringify(object)).toBe(
      '{"metadata":{"name":"s","annotations":{"__proto__":"x","constructor":"y"}},"data":{"__proto__":"YQ==","toString":"YQ=="}}',
    );
    expect(unknownFields).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  });

  it('[rel-X2] refuses deep nesting before it recurses', () => {
    let deep: unknown = {};
    for (let level = 0; level < 2000; level++) deep = { a: deep };
    const type: ResourceType = { ...pods, group: 'example.com', kind: 'Thing', plural: 'things' };
    expect(messageOf(type, { metadata: {}, spec: deep })).toBe(
      'Thing in version "v1" cannot be handled as a Thing: exceeded max depth',
    );
  });

  it('passes the content of custom kinds through', () => {
    const type: ResourceType = { ...pods, group: 'example.com', kind: 'Pod', plural: 'pods' };
    const raw = { metadata: { name: 'x', nope: 1 }, spec: { anything: [1, null] } };
    expect(decode(type, raw)).toEqual({
      object: { metadata: { name: 'x' }, spec: { anything: [1, null] } },
      unknownFields: ['metadata.nope'],
    });
  });

  it('refuses what is no object', () => {
    expect(messageOf(persistentVolumeClaims, [])).toBe(
      `${prefix}json: cannot unmarshal array into Go value of type v1.PersistentVolumeClaim`,
    );
  });

  it('decodes structs that are no kinds', () => {
    const subject = { kind: 'DeleteOptions', version: 'v1' };
    const raw = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: { uid: 'u' } };
    expect(decodeStruct('meta.v1.DeleteOptions', subject, raw).object).toBe(raw);
  });
});

describe('duplicateFields', () => {
  it.each([
    ['{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"spec":{"x":{"y":1,"\\u0079":2}}}', ['spec.x.y']],
    ['{"items":["a",{"k":"a\\"","k":"{"},[1,{"z":1,"z":2}]]}', ['items[1].k', 'items[2][1].z']],
  ])('[rel-X6] finds the duplicates of %s', (text, paths) => {
    expect(duplicateFields(text)).toEqual(paths);
  });
});
