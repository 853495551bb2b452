import { describe, expect, it } from 'vitest';
import { parseObject } from './body.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
/** A ConfigMap `a` in protobuf. */
const configMap = Buffer.from('6b3873000a0f0a0276311209436f6e6669674d617012050a030a0161', 'hex');
/** The envelope of a kind without a field table. */
const widget = Buffer.from('6b3873000a180a0e6578616d706c652e636f6d2f76311206576964676574', 'hex');

describe('the body of a write', () => {
  it('[A3] is read as JSON, YAML or protobuf, as its type says', async () => {
    const value = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    expect((await parseObject(Buffer.from(JSON.stringify(value)), 'application/json')).value).toEqual(value);
    const yaml = Buffer.from('{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}');
    expect((await parseObject(yaml, 'application/yaml')).value).toEqual(value);
    expect((await parseObject(configMap, protobuf)).value).toEqual(value);
  });

  it('[A3][rel-X9] is refused in an unknown type, naming the types that are read', async () => {
    const refusal = 'the body of the request was in an unknown format - accepted media types include: ';
    await expect(parseObject(configMap, 'application/cbor')).rejects.toMatchObject({
      message: `${refusal}application/json, application/yaml, ${protobuf}`,
      status: { code: 415, reason: 'UnsupportedMediaType' },
    });
    await expect(parseObject(widget, protobuf)).rejects.toMatchObject({
      message: `${refusal}application/json, application/yaml`,
      status: { code: 415 },
    });
  });

  it('[A3] is refused when it is not what its type says', async () => {
    const json = Buffer.from('{"kind":"ConfigMap"}');
    await expect(parseObject(json, protobuf)).rejects.toMatchObject({ status: { code: 400, reason: 'BadRequest' } });
    await expect(parseObject(configMap, 'application/json')).rejects.toMatchObject({ status: { code: 400 } });
  });
});
