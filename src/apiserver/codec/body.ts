/** Reads the body of a request: bounded in size, depth and time, and only of types that are understood. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ApiStatusError, decodeProtobuf, duplicateFields } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { parseJson } from './json.ts';

/** As much as upstream takes. */
export const maxBodyBytes = 3 * 1024 * 1024;
/** Aliases of one YAML document: enough for people, too few for a bomb. */
const maxYamlAliases = 100;

function tooLarge(): ApiStatusError {
  return ApiStatusError.of('RequestEntityTooLarge', `Request entity too large: limit is ${maxBodyBytes}`);
}

/** The bytes of the body. Throws RequestEntityTooLarge without reading on. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw ApiStatusError.of('UnsupportedMediaType', `the content encoding ${JSON.stringify(encoding)} is not accepted`);
  }
  return await readBytes(request);
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw ApiStatusError.of('BadRequest', 'the body of the request is not valid UTF-8');
  return bytes.toString('utf8');
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(ApiStatusError.of('BadRequest', 'the request was cut off'));
    });
  });
}

export interface ParsedBody {
  readonly value: unknown;
  /** Keys that the text gives twice in one object. */
  readonly duplicateFields: readonly string[];
}

/** `application/json` of `application/json; charset=utf-8`. */
export function mediaTypeOf(request: IncomingMessage): string {
  const header = request.headers['content-type'] ?? 'application/json';
  const semicolon = header.indexOf(';');
  return (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
}

export function unsupportedMediaType(accepted: readonly string[]): ApiStatusError {
  return ApiStatusError.of(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

const protobufMediaType = 'application/vnd.kubernetes.protobuf';
const textMediaTypes = ['application/json', 'application/yaml'];
const objectMediaTypes = [...textMediaTypes, protobufMediaType];

/** Parses the body of a write as its Content-Type says. */
export async function parseObject(bytes: Buffer, mediaType: string): Promise<ParsedBody> {
  switch (mediaType) {
    case 'application/json':
      return parseJsonBody(bytes);
    case 'application/yaml':
      return await parseYaml(bytes);
    case protobufMediaType: {
      const value = decodeProtobuf(bytes, { parseJson });
      // Custom kinds and the like have no protobuf form.
      if (value === undefined) throw unsupportedMediaType(textMediaTypes);
      return { value, duplicateFields: [] };
    }
    default:
      throw unsupportedMediaType(objectMediaTypes);
  }
}

export function parseJsonBody(bytes: Buffer): ParsedBody {
  const text = textOf(bytes);
  try {
    return { value: parseJson(text), duplicateFields: duplicateFields(text) };
  } catch (thrown) {
    throw malformed('json parse error', thrown);
  }
}

export async function parseYaml(bytes: Buffer): Promise<ParsedBody> {
  const text = textOf(bytes);
  // Most of what is called YAML is JSON.
  if (/^\s*[{[]/.test(text)) {
    try {
      return parseJsonBody(bytes);
    } catch {
      // Flow style that is no JSON.
    }
  }
  const { parseDocument } = await import('./yaml.ts');
  const duplicates: string[] = [];
  const document = parseDocument(text, { uniqueKeys: true, merge: false });
  for (const error of document.errors) {
    if (error.code !== 'DUPLICATE_KEY') throw malformed('yaml parse error', error);
    duplicates.push(error.message);
  }
  try {
    return { value: document.toJS({ maxAliasCount: maxYamlAliases }), duplicateFields: duplicates };
  } catch (thrown) {
    throw malformed('yaml parse error', thrown);
  }
}

function malformed(what: string, thrown: unknown): ApiStatusError {
  const message = `couldn't get version/kind; ${what}: ${messageOf(thrown)}`;
  return ApiStatusError.of('BadRequest', message, undefined, { cause: thrown });
}
