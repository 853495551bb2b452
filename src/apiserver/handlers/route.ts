/** What a path names. Upstream: apiserver request/requestinfo.go. */
import { ApiStatusError } from '../../api/index.ts';

export interface ResourceRoute {
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string | undefined;
  /** `log`, `exec`, `status`; undefined for the object itself. */
  readonly subresource: string | undefined;
  /** The old form of a watch: `/api/v1/watch/pods`. */
  readonly isLegacyWatch: boolean;
}

const maxSegments = 12;
const maxSegmentLength = 512;

/** The decoded segments of a path. Throws NotFound for one that could pass for two, or for a step up. */
export function segmentsOf(path: string): readonly string[] {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  if (segments.length > maxSegments) throw notFound();
  return segments.map((raw) => {
    const segment = raw.includes('%') ? decodeSegment(raw) : raw;
    const isPath = segment === '' || segment === '.' || segment === '..' || segment.includes('/');
    if (isPath || segment.length > maxSegmentLength || segment.includes('\0')) throw notFound();
    return segment;
  });
}

function decodeSegment(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    // Not an escape sequence, or not UTF-8.
    throw ApiStatusError.of('BadRequest', 'the path of the request is not properly escaped');
  }
}

export function notFound(): ApiStatusError {
  return ApiStatusError.of('NotFound', 'the server could not find the requested resource');
}

/** Undefined when the path is no resource's: a discovery document, /version, /healthz. */
export function resourceRoute(segments: readonly string[]): ResourceRoute | undefined {
  const isCore = segments[0] === 'api';
  if (!isCore && segments[0] !== 'apis') return undefined;
  const [group = '', version = ''] = isCore ? ['', segments[1]] : [segments[1], segments[2]];
  let rest = segments.slice(isCore ? 2 : 3);
  if (rest.length === 0) return undefined;
  const isLegacyWatch = rest[0] === 'watch' && rest.length > 1;
  if (isLegacyWatch) rest = rest.slice(1);
  // A namespace is an object too: only a third segment that is no subresource makes it a place.
  const isPlace = rest[0] === 'namespaces' && rest.length > 2 && !isNamespaceSubresource(rest);
  const namespace = isPlace ? rest[1] : undefined;
  const [plural = '', name, subresource, ...more] = isPlace ? rest.slice(2) : rest;
  // What comes after the subresource belongs to what it proxies to; nothing here does.
  if (more.length > 0) throw notFound();
  return { group, version, namespace, plural, name, subresource, isLegacyWatch };
}

function isNamespaceSubresource(rest: readonly string[]): boolean {
  return rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize');
}
