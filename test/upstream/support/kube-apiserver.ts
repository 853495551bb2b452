/** Kubernetes' own API server over its own etcd, in the place where a world of separate roles expects its API server. */
import { createPublicKey } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kubeconfigText } from '../../../src/apiserver/auth/kubeconfig.ts';
import { Pki } from '../../../src/apiserver/auth/pki.ts';
import { realClock, realFs, realRandom } from '../../../src/base/index.ts';
import { freePort, type SeparateRoles } from '../../e2e/support/separate-roles.ts';

const programs = join(import.meta.dirname, '..', '..', '..', '.cache', 'kubernetes');

export type KubernetesProgram = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';

/** A program that scripts/build-kubernetes.sh has built. */
export function kubernetesProgram(name: KubernetesProgram): string {
  const path = join(programs, name);
  if (!existsSync(path)) throw new Error(`${path} is missing: scripts/build-kubernetes.sh builds it`);
  return path;
}

/** The keys of a server and its node, and the administrator's, in `data/pki`. */
export async function makeKeys(world: SeparateRoles) {
  const directory = world.path('data', 'pki');
  const pki = await Pki.open({ fs: realFs, clock: realClock, random: realRandom, directory });
  await pki.issue('apiserver', { commonName: 'kube-apiserver', hosts: ['127.0.0.1', 'localhost', '10.96.0.1'] });
  await pki.issue('kubelet-node-0', {
    commonName: 'system:node:node-0',
    organizations: ['system:nodes'],
    hosts: ['127.0.0.1', 'node-0'],
  });
  const admin = await pki.issue('admin', { commonName: 'admin', organizations: ['system:masters'] });
  const publicKey = createPublicKey(pki.tokenKey).export({ format: 'pem', type: 'spki' });
  writeFileSync(join(directory, 'sa.pub'), publicKey);
  return { directory, admin, pki };
}

/** The node comes as its own user, so that the node authorizer and the admission of nodes judge it. */
export async function startKubeApiserver(world: SeparateRoles): Promise<string> {
  const { directory, admin, pki } = await makeKeys(world);
  const etcd = await startEtcd(world);
  const port = await freePort();
  const file = (name: string) => join(directory, name);
  world.spawnProgram(
    kubernetesProgram('kube-apiserver'),
    `--etcd-servers=${etcd}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    // How tokens reach pods since 1.24.
    '--feature-gates=BoundServiceAccountTokenVolume=true',
    `--kubelet-client-certificate=${file('admin.crt')}`,
    `--kubelet-client-key=${file('admin.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
  );
  const server = `https://127.0.0.1:${port}`;
  const text = kubeconfigText({ server, authority: pki.authority.certificate, client: admin, user: 'admin' });
  writeFileSync(world.path('kubeconfig'), text);
  await world.until(['get', '--raw', '/readyz'], (out) => out === 'ok');
  await world.kubectl(['apply', '-f', '-'], JSON.stringify(newerRules));
  return await world.kubeconfigOf('system:node:node-0', 'system:nodes');
}

export async function startEtcd(world: SeparateRoles, program = 'etcd'): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()];
  const url = (port: number) => `http://127.0.0.1:${port}`;
  world.spawnProgram(
    program,
    '--data-dir',
    world.path('etcd'),
    '--log-level=warn',
    `--listen-client-urls=${url(client)}`,
    `--advertise-client-urls=${url(client)}`,
    `--listen-peer-urls=${url(peer)}`,
    `--initial-advertise-peer-urls=${url(peer)}`,
    `--initial-cluster=default=${url(peer)}`,
  );
  for (let tries = 0; tries < 300; tries++) {
    const healthy = await fetch(`${url(client)}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) return url(client);
    await delay(100);
  }
  throw new Error(`etcd does not come up:\n${world.log}`);
}

const read = ['get', 'list', 'watch'];

/** What the bootstrap roles of 1.36 allow and those of 1.20 did not yet. */
const newerRules = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'newer-scheduler' },
      rules: [
        { apiGroups: [''], resources: ['namespaces'], verbs: read },
        {
          apiGroups: ['storage.k8s.io'],
          resources: ['csidrivers', 'csinodes', 'volumeattachments', 'csistoragecapacities'],
          verbs: read,
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'newer-scheduler' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'newer-scheduler' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:kube-scheduler' }],
    },
  ],
};
