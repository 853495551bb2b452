/** The variables of a container's environment, read from where its spec points. Upstream: makeEnvironmentVariables. */
import {
  type ConfigMap,
  type Container,
  configMaps,
  type EnvVar,
  isNotFound,
  type Pod,
  type Secret,
  secrets,
} from '../../api/index.ts';
import { fieldValue, resourceValue } from '../../volume-plugins/index.ts';
import type { EnvironmentVariable } from '../runtime/runtime.ts';
import { ContainerError } from './container-error.ts';
import { expand } from './expand.ts';
import type { PodContext } from './pod-context.ts';

type Host = Pick<PodContext, 'client' | 'nodeIp' | 'nodeAllocatable'>;

/** Reads each object once per container. */
class Sources {
  readonly #host: Host;
  readonly #namespace: string;
  readonly #configMaps = new Map<string, Promise<ConfigMap | undefined>>();
  readonly #secrets = new Map<string, Promise<Secret | undefined>>();

  constructor(host: Host, namespace: string) {
    this.#host = host;
    this.#namespace = namespace;
  }

  configMap(name: string): Promise<ConfigMap | undefined> {
    return this.#once(this.#configMaps, name, () =>
      this.#host.client.get(configMaps, { namespace: this.#namespace, name }),
    );
  }

  secret(name: string): Promise<Secret | undefined> {
    return this.#once(this.#secrets, name, () => this.#host.client.get(secrets, { namespace: this.#namespace, name }));
  }

  #once<T>(known: Map<string, Promise<T | undefined>>, name: string, read: () => Promise<T>): Promise<T | undefined> {
    const reading =
      known.get(name) ??
      read().catch((thrown: unknown) => {
        if (isNotFound(thrown)) return undefined;
        throw thrown;
      });
    known.set(name, reading);
    return reading;
  }
}

function decodeSecret(secret: Secret): Record<string, string> {
  const entries = Object.entries(secret.data ?? {});
  return Object.fromEntries(entries.map(([key, base64]) => [key, Buffer.from(base64, 'base64').toString('utf8')]));
}

/** Resolves with the variables in the order in which they are set. Rejects with a CreateContainerConfigError. */
export async function containerEnvironment(
  host: Host,
  pod: Pod,
  container: Container,
  initial: readonly EnvironmentVariable[],
): Promise<EnvironmentVariable[]> {
  const sources = new Sources(host, pod.metadata.namespace ?? '');
  const values = new Map(initial.map(({ name, value }) => [name, value]));
  for (const source of container.envFrom ?? []) {
    const entries = source.configMapRef
      ? await configMapEntries(sources, pod, source.configMapRef)
      : await secretEntries(sources, pod, source.secretRef ?? {});
    for (const [key, value] of Object.entries(entries)) values.set(`${source.prefix ?? ''}${key}`, value);
  }
  const known = new Map<string, string>();
  for (const variable of container.env ?? []) {
    const lookup = (name: string) => known.get(name) ?? values.get(name);
    const value = variable.valueFrom
      ? await valueFrom({ host, sources, pod, container }, variable)
      : expand(variable.value ?? '', lookup);
    if (value === undefined) continue;
    known.set(variable.name, value);
    values.set(variable.name, value);
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

interface NamedSource {
  readonly name?: string;
  readonly optional?: boolean;
}

function missingObject(kind: string, name: string | undefined): ContainerError {
  return ContainerError.config(`${kind} ${JSON.stringify(name ?? '')} not found`);
}

async function configMapEntries(sources: Sources, _pod: Pod, ref: NamedSource): Promise<Record<string, string>> {
  const found = await sources.configMap(ref.name ?? '');
  if (!found && !ref.optional) throw missingObject('configmap', ref.name);
  return { ...found?.data };
}

async function secretEntries(sources: Sources, _pod: Pod, ref: NamedSource): Promise<Record<string, string>> {
  const found = await sources.secret(ref.name ?? '');
  if (!found && !ref.optional) throw missingObject('secret', ref.name);
  return found ? decodeSecret(found) : {};
}

interface ValueContext {
  readonly host: Host;
  readonly sources: Sources;
  readonly pod: Pod;
  readonly container: Container;
}

async function valueFrom(context: ValueContext, variable: EnvVar): Promise<string | undefined> {
  const { host, sources, pod, container } = context;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  if (fieldRef) return podFieldValue(host, pod, fieldRef.fieldPath);
  if (resourceFieldRef) {
    const selector = { containerName: container.name, ...resourceFieldRef };
    return resourceValue(pod, selector, host.nodeAllocatable());
  }
  if (configMapKeyRef) {
    const found = await sources.configMap(configMapKeyRef.name ?? '');
    if (!found && !configMapKeyRef.optional) throw missingObject('configmap', configMapKeyRef.name);
    return keyOf(found?.data, configMapKeyRef, `ConfigMap ${pod.metadata.namespace}/${configMapKeyRef.name}`);
  }
  if (secretKeyRef) {
    const found = await sources.secret(secretKeyRef.name ?? '');
    if (!found && !secretKeyRef.optional) throw missingObject('secret', secretKeyRef.name);
    const data = found && decodeSecret(found);
    return keyOf(data, secretKeyRef, `Secret ${pod.metadata.namespace}/${secretKeyRef.name}`);
  }
  throw ContainerError.config(`variable ${variable.name} comes from a source that this node does not know`);
}

function keyOf(
  data: Readonly<Record<string, string>> | undefined,
  ref: { readonly key: string; readonly optional?: boolean },
  where: string,
): string | undefined {
  const value = data?.[ref.key];
  if (value === undefined && !ref.optional) {
    throw ContainerError.config(`couldn't find key ${ref.key} in ${where}`);
  }
  return value;
}

function podFieldValue(host: Host, pod: Pod, fieldPath: string): string {
  switch (fieldPath) {
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.podIP':
    case 'status.hostIPs':
    case 'status.podIPs':
      return host.nodeIp;
    default:
      return fieldValue(pod, { fieldPath });
  }
}
