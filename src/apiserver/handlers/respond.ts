/** Writes answers. */
import type { ServerResponse } from 'node:http';
import type { ApiStatusError, Status } from '../../api/index.ts';
import { stringify } from '../codec/json.ts';

const jsonType = 'application/json';
const yamlType = 'application/yaml';
/** Longer texts are cut by proxies and clients alike. */
const maxWarnings = 20;
const maxWarningLength = 256;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly format?: 'json' | 'yaml';
  readonly contentType?: string;
  readonly warnings?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export function statusBody(status: Status): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, ...status };
}

/** A text as a quoted string of a header: printable, and short. */
function headerText(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?').slice(0, maxWarningLength);
  return `"${printable.replace(/[\\"]/g, '\\$&')}"`;
}

export async function respond(response: ServerResponse, answer: Answer): Promise<void> {
  const isYaml = answer.format === 'yaml';
  const text = isYaml ? await yamlText(answer.body) : `${stringify(answer.body)}\n`;
  respondText(response, { ...answer, text, contentType: answer.contentType ?? (isYaml ? yamlType : jsonType) });
}

async function yamlText(body: unknown): Promise<string> {
  const { stringifyYaml } = await import('../codec/yaml.ts');
  return stringifyYaml(body);
}

export function respondText(
  response: ServerResponse,
  answer: Omit<Answer, 'body'> & { readonly text: string | Buffer; readonly contentType: string },
): void {
  if (response.destroyed || response.headersSent) return;
  const headers: Record<string, string | number | string[]> = {
    'Content-Type': answer.contentType,
    'Cache-Control': 'no-cache, private',
    'Content-Length': Buffer.byteLength(answer.text),
    ...answer.headers,
  };
  const { warnings } = answer;
  if (warnings && warnings.length > 0) {
    headers.Warning = warnings.slice(0, maxWarnings).map((warning) => `299 - ${headerText(warning)}`);
  }
  response.writeHead(answer.status, headers);
  response.end(answer.text);
}

/** The answer to a refused request. Anything but an ApiStatusError is a bug or a fault and tells the client nothing. */
export function respondError(response: ServerResponse, error: ApiStatusError): void {
  const { status } = error;
  const retryAfter = status.details?.retryAfterSeconds;
  respondText(response, {
    status: error.code,
    text: `${stringify(statusBody(status))}\n`,
    contentType: jsonType,
    ...(retryAfter === undefined ? {} : { headers: { 'Retry-After': String(retryAfter) } }),
  });
}
