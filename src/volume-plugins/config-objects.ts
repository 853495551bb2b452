/** Reads the objects that volumes show. A missing one is a failure, unless the volume says it is optional. */
import { type ConfigMap, isNotFound, type Secret } from '../api/index.ts';
import { messageOf } from '../base/index.ts';
import { transientError } from './errors.ts';
import type { VolumeHost } from './volume-host.ts';

export interface ObjectRequest {
  readonly namespace: string;
  readonly name: string;
  readonly optional: boolean;
}

export function findConfigMap(host: VolumeHost, request: ObjectRequest): Promise<ConfigMap | undefined> {
  return find(host.getConfigMap(request.namespace, request.name), 'configmap', request);
}

export function findSecret(host: VolumeHost, request: ObjectRequest): Promise<Secret | undefined> {
  return find(host.getSecret(request.namespace, request.name), 'secret', request);
}

async function find<T>(call: Promise<T>, noun: string, { name, optional }: ObjectRequest): Promise<T | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (!isNotFound(thrown)) throw transientError(messageOf(thrown), thrown);
    if (optional) return undefined;
    throw transientError(`${noun} "${name}" not found`, thrown);
  }
}
