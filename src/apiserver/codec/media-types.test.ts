import { describe, expect, it } from 'vitest';
import { ApiStatusError } from '../../api/index.ts';
import { negotiate } from './media-types.ts';

describe('the Accept header', () => {
  it.each([
    [undefined, 'json', 'object'],
    ['*/*', 'json', 'object'],
    ['application/json', 'json', 'object'],
    ['application/yaml', 'yaml', 'object'],
    ['application/vnd.kubernetes.protobuf,application/json', 'json', 'object'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'json', 'table'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'json', 'object'],
    ['application/json; as=PartialObjectMetadataList; v=v1; g=meta.k8s.io', 'json', 'metadata'],
    ['text/html, application/json;q=0.9', 'json', 'object'],
  ])('%s is answered with %s, as %s', (accept, format, as) => {
    expect(negotiate(accept)).toMatchObject({ format, as });
  });

  it('asks for aggregated discovery in one of two versions', () => {
    const accept = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    expect(negotiate(accept('v2')).discovery).toBe('v2');
    expect(negotiate(accept('v2beta1')).discovery).toBe('v2beta1');
  });

  it('[rel-X9] that names nothing we write is refused', () => {
    for (const accept of ['text/html', 'application/cbor', ';;;', 'x/y,'.repeat(10_000)]) {
      expect(() => negotiate(accept)).toThrowError(ApiStatusError);
    }
  });
});
