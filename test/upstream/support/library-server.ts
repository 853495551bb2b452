/** The API server of test/upstream/go/server over its etcd, where a world of separate roles expects its API server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigText } from '../../../src/apiserver/auth/kubeconfig.ts';
import { freePort, type RoleChild, type SeparateRoles } from '../../e2e/support/separate-roles.ts';
import { makeKeys, startEtcd } from './kube-apiserver.ts';
import { libraryProgram } from './kubernetes-libraries.ts';

export class LibraryServer {
  #world: SeparateRoles | undefined;
  #flags: readonly string[] = [];
  #child: RoleChild | undefined;

  /** To be handed to a world. Every component comes as the administrator: all are allowed everything anyway. */
  readonly start = async (world: SeparateRoles): Promise<string> => {
    this.#world = world;
    const { directory, admin, pki } = await makeKeys(world);
    const etcd = await startEtcd(world, libraryProgram('etcd'));
    const port = await freePort();
    const file = (name: string) => join(directory, name);
    this.#flags = [
      `-etcd=${etcd}`,
      `-port=${port}`,
      `-tls-cert-file=${file('apiserver.crt')}`,
      `-tls-private-key-file=${file('apiserver.key')}`,
      `-client-ca-file=${file('ca.crt')}`,
    ];
    this.serve();
    const server = `https://127.0.0.1:${port}`;
    const text = kubeconfigText({ server, authority: pki.authority.certificate, client: admin, user: 'admin' });
    writeFileSync(world.path('kubeconfig'), text);
    await world.until(['get', '--raw', '/readyz'], (out) => out === 'ok');
    await world.until(['get', 'namespaces', '-o', 'name'], (out) => out.includes('kube-system'));
    return await world.kubeconfigOf('system:node:node-0', 'system:nodes');
  };

  serve(): void {
    this.#child = this.#world?.spawnProgram(libraryProgram('server'), ...this.#flags);
  }

  get child(): RoleChild {
    if (!this.#child) throw new Error('the server is not started');
    return this.#child;
  }
}
