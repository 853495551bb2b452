/** An OpenAPI v2 document without paths, in the only encoding that kubectl asks for. */

export const openApiV2Protobuf = 'application/com.github.proto-openapi.spec.v2';

/** Field numbers of gnostic's openapi.v2.Document and Info. */
const swaggerField = 1;
const infoField = 2;
const pathsField = 8;
const titleField = 1;
const versionField = 2;
const lengthDelimited = 2;
/** Lengths below this take one byte. */
const oneByteLimit = 128;

function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  if (bytes.length >= oneByteLimit) throw new RangeError('a longer field needs a longer length');
  return Buffer.concat([Buffer.from([(number << 3) | lengthDelimited, bytes.length]), bytes]);
}

export function emptyOpenApiV2({ title, version }: { readonly title: string; readonly version: string }): Buffer {
  const info = Buffer.concat([field(titleField, title), field(versionField, version)]);
  return Buffer.concat([field(swaggerField, '2.0'), field(infoField, info), field(pathsField, '')]);
}
