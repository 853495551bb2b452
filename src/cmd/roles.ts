import type { Command } from 'commander';
import type { UpFlags } from '../cluster/index.ts';

const surroundings = () => ({ uid: process.getuid?.() ?? 0, env: process.env });

const roles = {
  'controller-manager': 'run the storage and workload controllers, with the flags of kube-controller-manager',
  scheduler: 'place pods where their volumes can be, with the flags of kube-scheduler',
  'snapshot-controller': 'give volume snapshots their contents, with the flags of snapshot-controller',
  'csi-sidecar': 'run every sidecar role of one CSI driver',
  kubelet: 'run pods and their volumes on this machine',
} as const;

export async function addRoleCommands(program: Command): Promise<void> {
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
  for (const name of Object.keys(roles) as (keyof typeof roles)[]) {
    const command = program.command(name).description(roles[name]);
    // The flags come with the code of the role: only the command that was named loads them.
    if (!process.argv.slice(2, 4).includes(name)) continue;
    const [{ roleCommands }, { addFlags }] = await Promise.all([import('../cluster/index.ts'), import('./flags.ts')]);
    const role = roleCommands[name];
    const given = addFlags(command, role);
    command.action(() => role.run(given, surroundings()));
  }
}

/** Upstream takes `_` for `-` in the names of flags. */
export function withDashes(argument: string): string {
  return argument.startsWith('--') ? argument.replace(/^--[^=]*/, (name) => name.replaceAll('_', '-')) : argument;
}
