/**
 * Reads kubeconfig files: where the server is and who we are. Errors name the file and the field, never a value, since
 * values are secrets.
 */
import { dirname, resolve } from 'node:path';
import { type Clock, type Exec, type Fs, ifExists, messageOf, UsageError } from '../base/index.ts';
import { execCredentials } from './exec-credentials.ts';
import type { ServerConnection } from './http-transport.ts';
import { fileToken } from './token-file.ts';

export interface KubeconfigOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  /** One file, or several that are merged: of two entries with one name the first counts. */
  readonly paths: readonly string[];
  /** The current-context unless given. */
  readonly context?: string;
  /** Runs the program that a user's `exec` names; without it such users are refused. */
  readonly exec?: Exec;
  /** The environment of that program. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface KubeconfigConnection extends ServerConnection {
  /** The context's namespace; `default` when it names none. */
  readonly namespace: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** A named entry of a list, and the file it stands in: relative paths start there. */
interface Entry {
  readonly what: string;
  readonly path: string;
  readonly fields: Fields;
}

/** Throws a UsageError that names the file and the field when the files are missing, malformed or ask for a plugin. */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<KubeconfigConnection> {
  const files = (await Promise.all(options.paths.map((path) => readFile(options.fs, path)))).filter(
    (file) => file !== undefined,
  );
  const shown = options.paths.join(', ');
  if (files.length === 0) throw new UsageError(`there is no kubeconfig at ${shown}`);
  const contextName = options.context ?? files.map((file) => text(file, 'current-context')).find(Boolean);
  if (!contextName) throw new UsageError(`${shown}: no current-context is set`);
  const context = entryOf(files, 'contexts', 'context', contextName);
  const cluster = entryOf(files, 'clusters', 'cluster', required(context, 'cluster'));
  const userName = text(context, 'user');
  const user = userName === undefined ? undefined : entryOf(files, 'users', 'user', userName);
  return {
    ...(await serverOf(options.fs, cluster)),
    ...(user ? await credentialsOf(options, user) : {}),
    namespace: text(context, 'namespace') ?? 'default',
  };
}

async function readFile(fs: Fs, path: string): Promise<Entry | undefined> {
  let content: string | undefined;
  try {
    content = await ifExists(fs.readFile(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`cannot read the kubeconfig ${path}: ${messageOf(cause)}`, { cause });
  }
  if (content === undefined) return undefined;
  // Loaded here only: a process without a kubeconfig starts faster.
  const { parseDocument } = await import('./yaml.ts');
  // Plain errors: pretty ones quote the text around them.
  const document = parseDocument(content, { prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const line = content.slice(0, error.pos[0]).split('\n').length;
    throw new UsageError(`${path} is not YAML: line ${line} (${error.code})`);
  }
  const fields: unknown = document.toJS();
  if (!isFields(fields)) throw new UsageError(`${path} is no kubeconfig: it holds no fields`);
  return { what: 'kubeconfig', path, fields };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `contexts: [{ name, context: {...} }]` */
function entryOf(files: readonly Entry[], list: string, kind: string, name: string): Entry {
  for (const file of files) {
    const entries = file.fields[list] ?? [];
    if (!Array.isArray(entries)) throw new UsageError(`${file.path}: ${list} must be a list`);
    const entry: unknown = entries.find((candidate: unknown) => isFields(candidate) && candidate.name === name);
    if (!isFields(entry)) continue;
    const fields = entry[kind];
    return { what: `${kind} "${name}"`, path: file.path, fields: isFields(fields) ? fields : {} };
  }
  throw new UsageError(`${files.map((file) => file.path).join(', ')}: there is no ${kind} "${name}"`);
}

function text(entry: Entry, field: string): string | undefined {
  const value = entry.fields[field];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new UsageError(`${entry.path}: ${field} of ${entry.what} must be a string`);
  return value;
}

function required(entry: Entry, field: string): string {
  const value = text(entry, field);
  if (value === undefined) throw new UsageError(`${entry.path}: ${entry.what} has no ${field}`);
  return value;
}

/** PEM text that stands in the file as base64 (`<field>-data`), or in a file of its own (`<field>`). */
async function pemOf(fs: Fs, entry: Entry, field: string): Promise<string | undefined> {
  const inline = text(entry, `${field}-data`);
  if (inline !== undefined) {
    const decoded = Buffer.from(inline, 'base64').toString('latin1');
    if (decoded.includes('-----BEGIN ')) return decoded;
    throw new UsageError(`${entry.path}: ${field}-data of ${entry.what} is not base64 of PEM text`);
  }
  const path = text(entry, field);
  if (path === undefined) return undefined;
  try {
    return await fs.readFile(resolve(dirname(entry.path), path), 'utf8');
  } catch (cause) {
    throw new UsageError(`${entry.path}: cannot read ${field} of ${entry.what}: ${messageOf(cause)}`, { cause });
  }
}

async function serverOf(fs: Fs, cluster: Entry): Promise<ServerConnection> {
  const proxyUrl = text(cluster, 'proxy-url');
  if (proxyUrl !== undefined && !/^https?:\/\//.test(proxyUrl))
    throw new UsageError(`${cluster.path}: proxy-url of ${cluster.what} is not an http or https URL`);
  const caData = await pemOf(fs, cluster, 'certificate-authority');
  const serverName = text(cluster, 'tls-server-name');
  return {
    server: required(cluster, 'server'),
    ...(caData === undefined ? {} : { caData }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(proxyUrl === undefined ? {} : { proxy: { HTTPS_PROXY: proxyUrl, HTTP_PROXY: proxyUrl } }),
    ...(cluster.fields['insecure-skip-tls-verify'] === true ? { insecureSkipTlsVerify: true } : {}),
  };
}

const unsupportedCredentials = ['auth-provider', 'username', 'as', 'as-groups', 'as-uid'];

async function credentialsOf(
  options: KubeconfigOptions,
  user: Entry,
): Promise<Pick<ServerConnection, 'clientCertificate' | 'clientKey' | 'token' | 'forgetToken'>> {
  const { fs, clock } = options;
  const unsupported = unsupportedCredentials.find((field) => user.fields[field] !== undefined);
  if (unsupported) throw new UsageError(`${user.path}: ${unsupported} of ${user.what} is not supported`);
  const plugin = user.fields.exec;
  if (plugin !== undefined && plugin !== null) {
    const { exec, env = {} } = options;
    if (!exec || !isFields(plugin)) throw new UsageError(`${user.path}: exec of ${user.what} is not supported`);
    return await execCredentials({
      exec,
      env,
      clock,
      plugin,
      what: `${user.path}: exec of ${user.what}`,
      directory: dirname(user.path),
    });
  }
  const clientCertificate = await pemOf(fs, user, 'client-certificate');
  const clientKey = await pemOf(fs, user, 'client-key');
  const token = text(user, 'token');
  const tokenFile = text(user, 'tokenFile');
  if ((clientCertificate === undefined) !== (clientKey === undefined)) {
    throw new UsageError(`${user.path}: ${user.what} needs both client-certificate and client-key, or neither`);
  }
  // Upstream: of both, the file counts.
  const tokenPath = tokenFile && resolve(dirname(user.path), tokenFile);
  return {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(tokenPath ? { token: fileToken(fs, clock, tokenPath) } : token ? { token: async () => token } : {}),
  };
}
