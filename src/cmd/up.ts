import type { Command } from 'commander';
import type { UpFlags } from '../cluster/index.ts';

const collect = (value: string, before: readonly string[] = []) => [...before, value];

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run the whole system in this process, with CSI drivers beside it; as root')
    .option('--data-dir <dir>', 'where everything is kept (default: /var/lib/stowage)')
    .option('--root-dir <dir>', 'where kubelets keep their files (default: <data-dir>/kubelet)')
    .option('--listen <host:port>', 'where the API is served (default: 127.0.0.1:6443, or a free port)')
    .option('--kubeconfig <file>', 'where to write the kubeconfig (default: <data-dir>/kubeconfig)')
    .option('--nodes <n>', 'how many nodes to run', '1')
    .option('--runtime <name>', 'what runs containers: process', 'process')
    .option('--no-default-drivers', 'do not start the bundled drivers')
    .option('--csi-driver <socket>', 'a CSI driver to serve: SOCKET, or NODE=SOCKET (repeatable)', collect)
    .option('--volume-plugin-dir <dir>', 'where FlexVolume drivers are installed (default: as Kubernetes)')
    .option('--driver-arg <arg>', 'a flag for the bundled hostpath driver (repeatable)', collect)
    .option('--enable-hostpath-provisioner', 'make hostPath volumes below /tmp for claims of kubernetes.io/host-path')
    .option('--feature-gates <A=true,B=false>', 'features of Kubernetes to switch (repeatable)', collect)
    .option('--logging-format <format>', 'text or json', 'text')
    .option('-v, --verbosity <n>', 'how much to log', '2')
    .action(async (flags: UpFlags) => {
      const { runUp } = await import('../cluster/index.ts');
      await runUp(flags, { uid: process.getuid?.() ?? 0, env: process.env });
    });
}
