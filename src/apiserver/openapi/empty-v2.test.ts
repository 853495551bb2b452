import { describe, expect, it } from 'vitest';
import { emptyOpenApiV2 } from './empty-v2.ts';

describe('the OpenAPI v2 document', () => {
  it('says its version and whose it is, and names no path', () => {
    const document = emptyOpenApiV2({ title: 'Kubernetes', version: 'v1.36.0' });
    expect(document.toString('latin1')).toBe('\n\x032.0\x12\x15\n\nKubernetes\x12\x07v1.36.0\x42\x00');
  });
});
