import type { Command } from 'commander';
import type { ControllerManagerFlags, CsiSidecarFlags, KubeletFlags, RoleFlags, UpFlags } from '../cluster/index.ts';

const surroundings = () => ({ uid: process.getuid?.() ?? 0, env: process.env });

/** The flags that every role has that runs as a process of its own. */
function role(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--kubeconfig <file>', 'the API server to work with (default: KUBECONFIG, or the cluster this runs in)')
    .option('--logging-format <format>', 'text or json', 'text')
    .option('-v, --verbosity <n>', 'how much to log', '2');
}

/** A role of which one at a time works. */
function electedRole(program: Command, name: string, description: string): Command {
  return role(program, name, description)
    .option('--leader-elect [bool]', 'work only while holding the lease', (text) => text !== 'false', true)
    .option('--leader-elect-resource-namespace <ns>', 'where the lease is kept', 'kube-system');
}

export function addRoleCommands(program: Command): void {
  program
    .command('apiserver')
    .description('serve the API and keep its objects')
    .option('--data-dir <dir>', 'where everything is kept (default: /var/lib/stowage as root, else under XDG state)')
    .option('--nodes <n>', 'make certificates for the kubelets of node-0, node-1, ...', '1')
    .option('--listen <host:port>', 'where the API is served (default: 127.0.0.1:6443, or a free port)')
    .option('--kubeconfig <file>', 'where to write the kubeconfig (default: <data-dir>/kubeconfig)')
    .option('--logging-format <format>', 'text or json', 'text')
    .option('-v, --verbosity <n>', 'how much to log', '2')
    .action(async (flags: UpFlags) => {
      const { runApiserver } = await import('../cluster/index.ts');
      await runApiserver(flags, surroundings());
    });
  electedRole(program, 'scheduler', 'place pods where their volumes can be').action(async (flags: RoleFlags) => {
    const { runScheduler } = await import('../cluster/index.ts');
    await runScheduler({ ...flags, env: process.env });
  });
  electedRole(program, 'controller-manager', 'run the storage and workload controllers')
    .option('--root-ca-file <file>', 'published to every namespace')
    .action(async (flags: ControllerManagerFlags) => {
      const { runControllerManager } = await import('../cluster/index.ts');
      await runControllerManager({ ...flags, env: process.env });
    });
  electedRole(program, 'csi-sidecar', 'run every sidecar role of one CSI driver')
    .option('--csi-address <socket>', "the driver's socket", '/run/csi/socket')
    .option('--kubelet-registration-path <socket>', "the driver's socket as the kubelet sees it")
    .option('--plugin-registration-path <dir>', "the kubelet's registration directory")
    .action(async (flags: CsiSidecarFlags) => {
      const { runCsiSidecar } = await import('../cluster/index.ts');
      await runCsiSidecar({ ...flags, env: process.env });
    });
  role(program, 'kubelet', 'run pods and their volumes on this machine')
    .option('--node-name <name>', 'the name of the node (default: the host name)')
    .option('--node-ip <address>', 'where the node is reached', '127.0.0.1')
    .option('--root-dir <dir>', 'where the kubelet keeps its files', '/var/lib/kubelet')
    .option('--data-dir <dir>', 'where containers and images are kept (default: <root-dir>/stowage)')
    .option('--port <port>', 'where logs and exec are served', '10250')
    .option('--tls-cert-file <file>', 'what to serve them with')
    .option('--tls-private-key-file <file>', 'its key')
    .option('--client-ca-file <file>', 'the authority of the API server that asks for them')
    .action(async (flags: Omit<KubeletFlags, 'uid'>) => {
      const { runKubelet } = await import('../cluster/index.ts');
      await runKubelet({ ...flags, ...surroundings() });
    });
}
