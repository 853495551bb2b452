/**
 * The parameters of a StorageClass under the prefix `csi.storage.k8s.io/`: references to secrets, with templates, and
 * the file system. Pure. Upstream: external-provisioner, getSecretReference and removePrefixedParameters.
 */
import type { PersistentVolumeClaim, SecretReference } from '../../api/index.ts';

const prefix = 'csi.storage.k8s.io/';

/** A class or claim that cannot be provisioned as it stands; the message names the parameter. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
}

/** The purposes a class may name a secret for, with the parameters that name it. */
export const secretPurposes = {
  provisioner: 'provisioner-secret',
  controllerPublish: 'controller-publish-secret',
  nodeStage: 'node-stage-secret',
  nodePublish: 'node-publish-secret',
  controllerExpand: 'controller-expand-secret',
  nodeExpand: 'node-expand-secret',
  controllerModify: 'controller-modify-secret',
} as const;

export type SecretPurpose = keyof typeof secretPurposes;

const knownKeys: ReadonlySet<string> = new Set([
  `${prefix}fstype`,
  ...Object.values(secretPurposes).flatMap((name) => [`${prefix}${name}-name`, `${prefix}${name}-namespace`]),
]);

export interface ClassParameters {
  /** What is passed to the driver: everything outside the reserved prefix. */
  readonly forDriver: Readonly<Record<string, string>>;
  readonly fsType: string | undefined;
}

export function splitParameters(parameters: Readonly<Record<string, string>>): ClassParameters {
  const forDriver: Record<string, string> = {};
  let fsType: string | undefined;
  for (const [key, value] of Object.entries(parameters)) {
    // The un-prefixed key is deprecated and still honoured, as upstream does.
    if (key === 'fstype' || key === `${prefix}fstype`) {
      if (fsType !== undefined) {
        throw new ParameterError(
          'fstype specified in parameters with both "fstype" and "csi.storage.k8s.io/fstype" keys',
        );
      }
      if (value.length === 0 && key === 'fstype') throw new ParameterError(`invalid empty parameter "${key}"`);
      fsType = value;
    } else if (!key.startsWith(prefix)) forDriver[key] = value;
    else if (!knownKeys.has(key)) {
      throw new ParameterError(`found unknown parameter key "${key}" with reserved namespace ${prefix}`);
    }
  }
  return { forDriver, fsType };
}

const tokenPattern = /\$\{([^}]*)\}/g;

function expand(key: string, template: string, values: Readonly<Record<string, string>>): string {
  if (/\$\{[^}]*$/.test(template))
    throw new ParameterError(`error resolving value of ${key}: unclosed "\${" in "${template}"`);
  return template.replace(tokenPattern, (_whole, token: string) => {
    // A token may have the name of something that every object inherits.
    const value = Object.hasOwn(values, token) ? values[token] : undefined;
    if (value === undefined) {
      const allowed = Object.keys(values).map((name) => `"${name}"`);
      throw new ParameterError(
        `error resolving value of ${key}: invalid tokens: ["${token}"]; allowed: [${allowed.join(' ')}]`,
      );
    }
    return value;
  });
}

/**
 * The secret that a class names for a purpose, its templates filled in; undefined when it names none. The namespace
 * may depend on the volume's name and the claim's namespace only, so that a claim cannot reach into another namespace.
 */
export function secretReference(
  purpose: SecretPurpose,
  parameters: Readonly<Record<string, string>>,
  volumeName: string,
  claim: PersistentVolumeClaim,
): SecretReference | undefined {
  const nameKey = `${prefix}${secretPurposes[purpose]}-name`;
  const namespaceKey = `${prefix}${secretPurposes[purpose]}-namespace`;
  const nameTemplate = parameters[nameKey];
  const namespaceTemplate = parameters[namespaceKey];
  if (nameTemplate === undefined && namespaceTemplate === undefined) return undefined;
  if (nameTemplate === undefined || namespaceTemplate === undefined) {
    throw new ParameterError(
      `either name and namespace for ${secretPurposes[purpose]} secrets specified, Both must be specified`,
    );
  }
  const forNamespace = { 'pv.name': volumeName, 'pvc.namespace': claim.metadata.namespace };
  const forName: Record<string, string> = { ...forNamespace, 'pvc.name': claim.metadata.name };
  for (const [key, value] of Object.entries(claim.metadata.annotations ?? {}))
    forName[`pvc.annotations['${key}']`] = value;
  return {
    name: expand(nameKey, nameTemplate, forName),
    namespace: expand(namespaceKey, namespaceTemplate, forNamespace),
  };
}
