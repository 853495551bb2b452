/**
 * The parameters of a VolumeSnapshotClass under the prefix `csi.storage.k8s.io/`: references to secrets, with
 * templates. Pure. Upstream: external-snapshotter RemovePrefixedParameters and GetSecretReference.
 */
import { checkDnsLabel, checkDnsSubdomain, type SecretReference } from '../../api/index.ts';
import { goQuote } from '../../base/index.ts';
import { SnapshotError } from './context.ts';

const prefix = 'csi.storage.k8s.io/';

const knownKeys: ReadonlySet<string> = new Set(
  ['snapshotter-secret', 'snapshotter-list-secret', 'group-snapshotter-secret'].flatMap((secret) => [
    `${prefix}${secret}-name`,
    `${prefix}${secret}-namespace`,
  ]),
);

/** What is passed to the driver: everything outside the reserved prefix. @throws SnapshotError */
export function driverParameters(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const unknown = Object.keys(parameters).find((key) => key.startsWith(prefix) && !knownKeys.has(key));
  if (unknown !== undefined) {
    const reason = `found unknown parameter key "${unknown}" with reserved namespace ${prefix}`;
    throw new SnapshotError(`failed to remove CSI Parameters of prefixed keys: ${reason}`);
  }
  return Object.fromEntries(Object.entries(parameters).filter(([key]) => !key.startsWith(prefix)));
}

/**
 * The secret that snapshots of the class are looked up with; undefined when it names none. Only the content's name may
 * stand in its templates.
 * @throws SnapshotError
 */
export function listSecretReference(
  parameters: Readonly<Record<string, string>>,
  contentName: string,
): SecretReference | undefined {
  const nameTemplate = parameters[`${prefix}snapshotter-list-secret-name`];
  const namespaceTemplate = parameters[`${prefix}snapshotter-list-secret-namespace`];
  if (nameTemplate === undefined && namespaceTemplate === undefined) return undefined;
  const badTemplates = 'failed to get name and namespace template from params: ';
  if (nameTemplate === undefined || namespaceTemplate === undefined) {
    const reason = 'either name and namespace for SnapshotterList secrets specified, Both must be specified';
    throw new SnapshotError(badTemplates + reason);
  }
  if (nameTemplate === '' || namespaceTemplate === '') {
    const reason = 'SnapshotterList secrets specified in parameters but value of either namespace or name is empty';
    throw new SnapshotError(badTemplates + reason);
  }
  const namespace = resolve(namespaceTemplate, contentName);
  assertValid(namespaceTemplate, namespace, checkDnsLabel(namespace), 'namespace');
  const name = resolve(nameTemplate, contentName);
  assertValid(nameTemplate, name, checkDnsSubdomain(name), 'secret');
  return { name, namespace };
}

function resolve(template: string, contentName: string): string {
  const unknown = new Set<string>();
  const resolved = template.replace(/\$\{([^}]*)\}/g, (_whole, token: string) => {
    if (token !== 'volumesnapshotcontent.name') unknown.add(token);
    return contentName;
  });
  if (unknown.size === 0) return resolved;
  const tokens = [...unknown].sort().map(goQuote).join(' ');
  throw new SnapshotError(`error resolving value ${goQuote(template)}: invalid tokens: [${tokens}]`);
}

function assertValid(template: string, resolved: string, problems: readonly string[], of: string): void {
  if (problems.length === 0) return;
  const whence = template === resolved ? '' : ` resolved to ${goQuote(resolved)} which`;
  throw new SnapshotError(`${goQuote(template)}${whence} is not a valid ${of} name`);
}
