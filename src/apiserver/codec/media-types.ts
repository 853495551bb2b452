/** What a client can read, from its Accept header, and what the server makes of it. */
import { ApiStatusError } from '../../api/index.ts';

export interface Representation {
  readonly format: 'json' | 'yaml';
  /** `Table`, `PartialObjectMetadata` and its list, or the objects as they are. */
  readonly as: 'object' | 'table' | 'metadata';
  /** Aggregated discovery was asked for. */
  readonly discovery: 'v2' | 'v2beta1' | undefined;
}

const plain: Representation = { format: 'json', as: 'object', discovery: undefined };
const served = 'application/json, application/yaml';
/** Clients send a handful of different headers: each is parsed once. */
const cacheLimit = 200;
const cache = new Map<string, Representation | undefined>();
const maxRanges = 100;

/** Throws NotAcceptable when the client reads nothing that the server writes. */
export function negotiate(accept: string | undefined): Representation {
  if (!accept) return plain;
  let found = cache.get(accept);
  if (found === undefined && !cache.has(accept)) {
    found = firstServed(accept);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(accept, found);
  }
  if (found) return found;
  throw ApiStatusError.of('NotAcceptable', `only the following media types are accepted: ${served}`);
}

function firstServed(accept: string): Representation | undefined {
  for (const range of accept.split(',', maxRanges)) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const format = formatOf(type);
    if (!format) continue;
    const representation = withParameters(format, new Map(parameters.map(splitParameter)));
    if (representation) return representation;
  }
  return undefined;
}

function formatOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

function splitParameter(parameter: string): [string, string] {
  const equals = parameter.indexOf('=');
  return equals < 0 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
}

/** Undefined when the parameters ask for something that is not served. */
function withParameters(format: 'json' | 'yaml', parameters: ReadonlyMap<string, string>): Representation | undefined {
  const as = parameters.get('as');
  if (as === undefined) return { ...plain, format };
  const group = parameters.get('g');
  const version = parameters.get('v');
  if (group === 'meta.k8s.io' && version === 'v1') {
    if (as === 'table') return { ...plain, format, as: 'table' };
    if (as === 'partialobjectmetadata' || as === 'partialobjectmetadatalist')
      return { ...plain, format, as: 'metadata' };
  }
  if (group === 'apidiscovery.k8s.io' && as === 'apigroupdiscoverylist') {
    if (version === 'v2' || version === 'v2beta1') return { ...plain, format, discovery: version };
  }
  return undefined;
}
