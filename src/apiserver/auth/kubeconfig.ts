import type { KeyPair } from './certificate-authority.ts';

export interface KubeconfigInput {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  readonly client: KeyPair;
  readonly user: string;
}

const name = 'stowage';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A kubeconfig that holds everything: it works from wherever it is copied to. */
export function kubeconfigText({ server, authority, client, user }: KubeconfigInput): string {
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `- name: ${name}`,
    '  cluster:',
    `    server: ${server}`,
    `    certificate-authority-data: ${base64(authority)}`,
    'users:',
    `- name: ${user}`,
    '  user:',
    `    client-certificate-data: ${base64(client.certificate)}`,
    `    client-key-data: ${base64(client.key)}`,
    'contexts:',
    `- name: ${name}`,
    '  context:',
    `    cluster: ${name}`,
    `    user: ${user}`,
    `current-context: ${name}`,
    '',
  ];
  return lines.join('\n');
}
