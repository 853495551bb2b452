import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exec, realFs, UsageError, VirtualClock } from '../base/index.ts';
import { inClusterConnection } from './in-cluster.ts';
import { loadKubeconfig } from './kubeconfig.ts';

const pem = (what: string) => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

let directory: string;
let clock: VirtualClock;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-kubeconfig-'));
  clock = new VirtualClock();
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function write(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function load(paths: readonly string[], context?: string) {
  return loadKubeconfig({ fs: realFs, clock, paths, ...(context ? { context } : {}) });
}

const config = (user: string, cluster = `certificate-authority-data: ${base64(pem('CERTIFICATE'))}`) => `
apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: { cluster: local, user: admin, namespace: apps }
- name: there
  context: { cluster: remote, user: admin }
clusters:
- name: local
  cluster:
    server: https://127.0.0.1:6443
    ${cluster}
- name: remote
  cluster: { server: https://remote:443/prefix, insecure-skip-tls-verify: true, tls-server-name: kube }
users:
- name: admin
  user:
    ${user}
`;

describe('a kubeconfig', () => {
  it('tells server, authority, client certificate and namespace', async () => {
    const user = `client-certificate-data: ${base64(pem('CERTIFICATE'))}\n    client-key-data: ${base64(pem('KEY'))}`;
    expect(await load([write('config', config(user))])).toEqual({
      server: 'https://127.0.0.1:6443',
      caData: pem('CERTIFICATE'),
      clientCertificate: pem('CERTIFICATE'),
      clientKey: pem('KEY'),
      namespace: 'apps',
    });
  });

  it('names another context on demand', async () => {
    const connection = await load([write('config', config('token: t'))], 'there');
    expect(connection).toMatchObject({
      server: 'https://remote:443/prefix',
      insecureSkipTlsVerify: true,
      serverName: 'kube',
      namespace: 'default',
    });
    expect(await connection.token?.()).toBe('t');
  });

  it('finds files relative to itself', async () => {
    mkdirSync(join(directory, 'pki'));
    write('pki/ca.crt', pem('CERTIFICATE'));
    write('token', 'secret-token\n');
    const connection = await load([write('config', config('tokenFile: token', 'certificate-authority: pki/ca.crt'))]);
    expect(connection.caData).toBe(pem('CERTIFICATE'));
    expect(await connection.token?.()).toBe('secret-token');
  });

  it('of several files takes the first entry of a name', async () => {
    const first = write('first', 'current-context: there\n');
    const second = write('second', config('token: t'));
    expect((await load([first, join(directory, 'missing'), second])).server).toBe('https://remote:443/prefix');
  });

  it('reads a token file again after a minute, and keeps the last token while it is gone', async () => {
    const path = write('token', 'one');
    const connection = await load([write('config', config(`tokenFile: ${path}`))]);
    expect(await connection.token?.()).toBe('one');
    write('token', 'two');
    expect(await connection.token?.()).toBe('one');
    await clock.advance(60_000);
    expect(await connection.token?.()).toBe('two');
    rmSync(path);
    await clock.advance(60_000);
    expect(await connection.token?.()).toBe('two');
  });
});

describe('[rel-S-SE5] a kubeconfig that cannot be used', () => {
  const secret = 'c2VjcmV0LXZhbHVl';

  async function refusal(content: string, context?: string): Promise<string> {
    const path = write('config', content);
    const thrown: unknown = await load([path], context).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(UsageError);
    const message = (thrown as Error).message;
    expect(message).not.toContain(secret);
    return message.replaceAll(path, 'FILE');
  }

  it.each([
    [
      'is missing a field',
      config('token: t').replace('server: https://127.0.0.1:6443', ''),
      'FILE: cluster "local" has no server',
    ],
    ['names no context', 'kind: Config', 'FILE: no current-context is set'],
    ['names a context that is not there', 'current-context: x', 'FILE: there is no context "x"'],
    ['is not YAML', `a: [${secret}`, 'FILE is not YAML: line 1 (BAD_INDENT)'],
    ['holds a text only', secret, 'FILE is no kubeconfig: it holds no fields'],
    [
      'holds no PEM',
      config(`client-certificate-data: ${secret}`),
      'FILE: client-certificate-data of user "admin" is not base64 of PEM text',
    ],
    [
      'has half a key pair',
      config(`client-key-data: ${base64(pem('KEY'))}`),
      'FILE: user "admin" needs both client-certificate and client-key, or neither',
    ],
    ['has a number for a token', config('token: 7'), 'FILE: token of user "admin" must be a string'],
    ['asks for a plugin', config('exec: { command: aws }'), 'FILE: exec of user "admin" is not supported'],
  ])('says so when it %s', async (_, content, message) => {
    expect(await refusal(content)).toBe(message);
  });

  it('says so when there is none', async () => {
    const path = join(directory, 'none');
    await expect(load([path])).rejects.toThrow(`there is no kubeconfig at ${path}`);
    mkdirSync(path);
    chmodSync(path, 0o700);
    await expect(load([path])).rejects.toThrow(`cannot read the kubeconfig ${path}`);
  });
});

describe('a kubeconfig whose user is told by a program', () => {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const user = config(
    `exec: { apiVersion: ${apiVersion}, command: ./helper, args: [get-token], env: [{ name: REGION, value: eu }] }`,
  );

  /** A program that prints the next of the given texts at each run. */
  function program(...printed: string[]) {
    const runs: { command: string; args: readonly string[]; env: Readonly<Record<string, string>> | undefined }[] = [];
    const exec: Exec = {
      async run(command, args, options) {
        runs.push({ command, args, env: options.env });
        return { exitCode: 0, stdout: printed[runs.length - 1] ?? '', stderr: '' };
      },
    };
    return { exec, runs };
  }

  const credential = (status: object) => JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
  const connect = (exec: Exec) =>
    loadKubeconfig({ fs: realFs, clock, paths: [write('config', user)], exec, env: { PATH: '/bin' } });

  it('runs it beside the file with its arguments and environment', async () => {
    const { exec, runs } = program(credential({ token: 'one' }));
    const connection = await connect(exec);
    expect(await connection.token?.()).toBe('one');
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ command: join(directory, 'helper'), args: ['get-token'] });
    expect(runs[0]?.env).toMatchObject({ PATH: '/bin', REGION: 'eu' });
    expect(JSON.parse(runs[0]?.env?.KUBERNETES_EXEC_INFO ?? '')).toMatchObject({ apiVersion, kind: 'ExecCredential' });
  });

  it('runs it again when the token expires, and when the server does not believe it', async () => {
    const expirationTimestamp = new Date(clock.now() + 60_000).toISOString();
    const { exec } = program(
      credential({ token: 'one', expirationTimestamp }),
      credential({ token: 'two' }),
      credential({ token: 'three' }),
    );
    const connection = await connect(exec);
    expect(await connection.token?.()).toBe('one');
    await clock.advance(61_000);
    expect(await connection.token?.()).toBe('two');
    connection.forgetToken?.();
    expect(await connection.token?.()).toBe('three');
  });

  it('takes a certificate from it', async () => {
    const status = { clientCertificateData: pem('CERTIFICATE'), clientKeyData: pem('PRIVATE KEY') };
    expect(await connect(program(credential(status)).exec)).toMatchObject({
      clientCertificate: pem('CERTIFICATE'),
      clientKey: pem('PRIVATE KEY'),
    });
  });

  it.each([
    ['nothing that is JSON', 'secret-text', 'it printed no JSON'],
    ['something else', '{"kind":"Status"}', 'it is no ExecCredential'],
  ])('says so without quoting it when it prints %s', async (_what, printed, why) => {
    const thrown: unknown = await connect(program(printed).exec).catch((error: unknown) => error);
    expect((thrown as Error).message).toContain(why);
    expect((thrown as Error).message).not.toContain('secret-text');
  });
});

describe('the connection of a pod', () => {
  it('is the service address with the mounted service account', async () => {
    write('ca.crt', pem('CERTIFICATE'));
    write('token', 'pod-token');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const connection = await inClusterConnection({ fs: realFs, clock, env, directory });
    expect(connection).toMatchObject({ server: 'https://[fd00::1]:443', caData: pem('CERTIFICATE') });
    expect(await connection.token?.()).toBe('pod-token');
  });

  it('is refused outside of a pod', async () => {
    await expect(inClusterConnection({ fs: realFs, clock, env: {} })).rejects.toThrow('not in a pod');
  });
});
