/** The secrets of a VolumeSnapshotClass, by templates that say which for each snapshot. Upstream: utils GetSecretReference. */
import { checkDnsLabel, checkDnsSubdomain, type SecretReference } from '../api/index.ts';
import { goQuote } from '../base/index.ts';

/** What a driver is given to take and delete snapshots, and to list them. */
export type SnapshotSecret = 'snapshotter' | 'snapshotter-list';

/** What the templates may name; without a snapshot only its content. */
export interface SnapshotNames {
  readonly contentName: string;
  readonly snapshot?: { readonly namespace: string; readonly name: string };
}

/** The parameters of a class name a secret in a way that cannot be followed. */
export class SnapshotSecretError extends Error {
  override readonly name = 'SnapshotSecretError';
}

const titles: Readonly<Record<SnapshotSecret, string>> = {
  snapshotter: 'Snapshotter',
  'snapshotter-list': 'SnapshotterList',
};

/** undefined: the class names none. Throws a SnapshotSecretError; the secret itself is not looked for. */
export function snapshotSecretOf(
  secret: SnapshotSecret,
  parameters: Readonly<Record<string, string>> | undefined,
  { contentName, snapshot }: SnapshotNames,
): SecretReference | undefined {
  const nameTemplate = parameters?.[`csi.storage.k8s.io/${secret}-secret-name`];
  const namespaceTemplate = parameters?.[`csi.storage.k8s.io/${secret}-secret-namespace`];
  if (nameTemplate === undefined && namespaceTemplate === undefined) return undefined;
  const problem = templateProblem(titles[secret], nameTemplate, namespaceTemplate);
  if (problem !== undefined || !nameTemplate || !namespaceTemplate)
    throw new SnapshotSecretError(`failed to get name and namespace template from params: ${problem}`);
  const known = { 'volumesnapshotcontent.name': contentName };
  // The name is the user's own choice, and so may not choose the namespace.
  const inNamespace = snapshot ? { ...known, 'volumesnapshot.namespace': snapshot.namespace } : known;
  const inName = snapshot ? { ...inNamespace, 'volumesnapshot.name': snapshot.name } : inNamespace;
  const namespace = resolve(namespaceTemplate, inNamespace);
  checkResolved(namespaceTemplate, namespace, checkDnsLabel(namespace).length === 0, 'namespace name');
  const name = resolve(nameTemplate, inName);
  checkResolved(nameTemplate, name, checkDnsSubdomain(name).length === 0, 'secret name');
  return { name, namespace };
}

function templateProblem(title: string, name: string | undefined, namespace: string | undefined): string | undefined {
  if (name === undefined || namespace === undefined)
    return `either name and namespace for ${title} secrets specified, Both must be specified`;
  if (name === '' || namespace === '')
    return `${title} secrets specified in parameters but value of either namespace or name is empty`;
  return undefined;
}

function resolve(template: string, known: Readonly<Record<string, string>>): string {
  const unknown = new Set<string>();
  const resolved = template.replace(/\$\{([^}]*)\}|\$(\w+)/g, (_whole, braced?: string, bare?: string) => {
    const token = braced ?? bare ?? '';
    const value = Object.hasOwn(known, token) ? known[token] : undefined;
    if (value === undefined) unknown.add(token);
    return value ?? '';
  });
  if (unknown.size === 0) return resolved;
  const tokens = [...unknown].sort().map(goQuote).join(' ');
  throw new SnapshotSecretError(`error resolving value ${goQuote(template)}: invalid tokens: [${tokens}]`);
}

function checkResolved(template: string, resolved: string, isValid: boolean, what: string): void {
  if (isValid) return;
  const shown =
    template === resolved ? goQuote(template) : `${goQuote(template)} resolved to ${goQuote(resolved)} which`;
  throw new SnapshotSecretError(`${shown} is not a valid ${what}`);
}
