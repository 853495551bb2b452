/** The files that configMap, secret and downwardAPI sources stand for. Pure: objects in, payload out. */
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret } from '../api/index.ts';
import type { FileProjection } from './atomic-writer.ts';
import { fieldValue, resourceValue } from './downward-api-values.ts';
import { finalError } from './errors.ts';

/** Permission bits of files when neither the item nor the volume sets them. */
export const defaultFileMode = 0o644;

export interface KeyedSource {
  readonly items: readonly KeyToPath[] | undefined;
  readonly defaultMode: number | undefined;
  readonly optional: boolean;
}

function keyedPayload(
  contents: ReadonlyMap<string, Uint8Array>,
  source: KeyedSource,
  missing: (key: string) => string,
): Map<string, FileProjection> {
  const payload = new Map<string, FileProjection>();
  const mode = source.defaultMode ?? defaultFileMode;
  if (!source.items?.length) {
    for (const [key, content] of contents) payload.set(key, { content, mode });
    return payload;
  }
  for (const item of source.items) {
    const content = contents.get(item.key);
    if (content) payload.set(item.path, { content, mode: item.mode ?? mode });
    else if (!source.optional) throw finalError(missing(item.key));
  }
  return payload;
}

export function configMapPayload(configMap: ConfigMap | undefined, source: KeyedSource): Map<string, FileProjection> {
  const contents = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(configMap?.data ?? {})) contents.set(key, Buffer.from(text));
  for (const [key, base64] of Object.entries(configMap?.binaryData ?? {})) {
    contents.set(key, Buffer.from(base64, 'base64'));
  }
  return keyedPayload(contents, source, (key) => `configmap references non-existent config key: ${key}`);
}

export function secretPayload(secret: Secret | undefined, source: KeyedSource): Map<string, FileProjection> {
  const contents = new Map<string, Uint8Array>();
  for (const [key, base64] of Object.entries(secret?.data ?? {})) contents.set(key, Buffer.from(base64, 'base64'));
  return keyedPayload(contents, source, (key) => `references non-existent secret key: ${key}`);
}

export interface DownwardApiSource {
  readonly items: readonly DownwardAPIVolumeFile[] | undefined;
  readonly defaultMode: number | undefined;
  readonly pod: Pod;
  readonly nodeAllocatable: Readonly<Record<string, string>>;
}

export function downwardApiPayload(source: DownwardApiSource): Map<string, FileProjection> {
  const payload = new Map<string, FileProjection>();
  for (const item of source.items ?? []) {
    let value = '';
    if (item.fieldRef) value = fieldValue(source.pod, item.fieldRef);
    else if (item.resourceFieldRef) value = resourceValue(source.pod, item.resourceFieldRef, source.nodeAllocatable);
    payload.set(item.path, {
      content: Buffer.from(value),
      mode: item.mode ?? source.defaultMode ?? defaultFileMode,
    });
  }
  return payload;
}
