/** Objects for the tests of the rules: decoded and defaulted, as the server hands them over. */
import { decode } from '../decode.ts';
import { applyDefaults } from '../defaults/defaults.ts';
import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';
import { validateCreate, validateUpdate } from './validate.ts';

export type Json = Readonly<Record<string, unknown>>;

export function prepared(type: ResourceType, raw: Json): KubernetesObject {
  const namespace = type.namespaced ? { namespace: 'default' } : {};
  const metadata = { name: 'x', ...namespace, ...(raw.metadata as Json | undefined) };
  return applyDefaults(type, decode(type, { ...raw, metadata }).object);
}

export function problems(type: ResourceType, raw: Json): string[] {
  return validateCreate(type, prepared(type, raw)).map((error) => `${error.field}: ${error.message}`);
}

export function updateProblems(type: ResourceType, before: Json, after: Json): string[] {
  const errors = validateUpdate(type, prepared(type, after), prepared(type, before));
  return errors.map((error) => `${error.field}: ${error.message.split('\n')[0]}`);
}

export const storage = { resources: { requests: { storage: '1Gi' } } };
export const claim = (spec: Json): Json => ({ spec: { accessModes: ['ReadWriteOnce'], ...storage, ...spec } });
export const volume = (spec: Json): Json => ({
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...spec },
});
export const pod = (container: Json, volumes: readonly Json[] = [], spec: Json = {}): Json => ({
  spec: { containers: [{ name: 'c', image: 'busybox', ...container }], volumes, ...spec },
});
