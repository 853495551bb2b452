/**
 * The chains of programs that lead from the shim's privileges to a container's command. Each program does one step and
 * becomes the next. Privileges are given up before anything of the container's own, its environment included, counts.
 */
import { shellCommand, shellQuote } from '../../../base/index.ts';
import type { ContainerSecurity, ContainerUser, EnvironmentVariable } from '../runtime.ts';
import { boundingSetArgs, inheritableArgs } from './capabilities.ts';
import type { ContainerSpec, LaunchDetails } from './container-spec.ts';
import type { ToolCommands } from './tools.ts';

/** Descriptors of the processes of the chain. */
export const controlFd = 3;
export const environmentFd = 4;

/** What the steps need after the bounding set has been cut down to the container's. */
const startNeeds = ['SETUID', 'SYS_CHROOT'];
const enterNeeds = ['SETUID', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_ADMIN'];

/** Makes namespaces and runs the setup script, a file, as process 1 of them. Dies with the shim. */
export function namespaceCommand(spec: ContainerSpec, scriptPath: string): string[] {
  const shared = spec.mounts.some((mount) => mount.propagation === 'shared');
  const command = [
    ...dieWithParent(inheritableArgs(startNeeds)),
    ...['unshare', '--mount', '--pid', '--uts', ...(spec.hostIpc ? [] : ['--ipc'])],
    ...['--propagation', shared ? 'unchanged' : 'slave', '--'],
    ...['/bin/sh', '-c', forkScript, 'stowage', scriptPath],
  ];
  return spec.tty ? [...dieWithParent(), ...onTerminal(command)] : command;
}

/**
 * Forks, because only a child is in the new process namespace. unshare could fork itself, but that of util-linux 2.38
 * answers 1 for a child that was killed. What the shell has to say about a killed child is not the container's output.
 */
const forkScript = `exec 6>&2 2>/dev/null
/bin/sh "$1" 2>&6 6>&-
exit $?`;

function dieWithParent(more: readonly string[] = []): string[] {
  return ['setpriv', ...more, '--pdeathsig', 'KILL', '--'];
}

/** Runs the command with a terminal of its own, whose other side is our standard input and output. */
export function onTerminal(command: readonly string[]): string[] {
  return ['script', '--quiet', '--return', '--flush', '--command', `exec ${shellCommand(command)}`, '/dev/null'];
}

function groupArgs(user: ContainerUser): string[] {
  const groups = [...new Set(user.supplementalGroups)].join(',');
  return ['--regid', String(user.gid), ...(groups === '' ? ['--clear-groups'] : ['--groups', groups])];
}

function limitArgs(security: ContainerSecurity): string[] {
  return security.privileged ? [] : boundingSetArgs(security.capabilities);
}

function setUserArgs(user: ContainerUser): string[] {
  return user.uid === 0 ? [] : ['--setuid', String(user.uid)];
}

/** From inside the container's root to its command, with nothing left to give up but what the steps themselves needed. */
function lastSteps(
  tools: ToolCommands,
  security: ContainerSecurity,
  options: { readonly diesWithParent: boolean },
): string[] {
  return [
    ...tools.setpriv,
    ...['--inh-caps', '-all'],
    ...(security.noNewPrivileges ? ['--no-new-privs'] : []),
    ...(options.diesWithParent ? ['--pdeathsig', 'KILL'] : []),
    '--',
    ...tools.shell,
  ];
}

/** What the setup script becomes when the container's root stands in its working directory. */
export function enterRootCommand(spec: ContainerSpec, tools: ToolCommands): string[] {
  const { user, security } = spec;
  return [
    ...['setpriv', ...groupArgs(user), ...limitArgs(security), '--'],
    ...['unshare', '--root', '.', '--wd', spec.workingDir, ...setUserArgs(user), '--'],
    ...lastSteps(tools, security, { diesWithParent: true }),
    ...['-c', startScript, 'sh', ...spec.args],
  ];
}

/** Runs one more command in a running container. */
export function execCommand(launch: LaunchDetails, command: readonly string[]): string[] {
  const { user, security, pid } = launch;
  return [
    ...['setpriv', ...inheritableArgs(enterNeeds), '--'],
    ...['setpriv', ...groupArgs(user), ...limitArgs(security), '--'],
    ...['nsenter', '--target', String(pid), '--mount', '--pid', '--uts', ...(launch.hostIpc ? [] : ['--ipc'])],
    ...[...setUserArgs(user), '--'],
    ...lastSteps(launch, security, { diesWithParent: false }),
    ...['-c', execScript, 'sh', launch.workingDir, ...command],
  ];
}

/** Reads the environment, which must not stand in any argument list, and takes it on. */
const readEnvironment = `s=
while IFS= read -r l <&${environmentFd}; do s="$s$l
"; done
exec ${environmentFd}<&-
eval "$s"
unset s l`;

/** Tells the shim that the command is there and becomes it. A name without a slash is looked up in PATH. */
const startScript = `${readEnvironment}
case $1 in
*/*) if [ ! -e "$1" ]; then printf 'missing\\n' >&${controlFd}; exit 127
  elif [ -d "$1" ] || [ ! -x "$1" ]; then printf 'denied\\n' >&${controlFd}; exit 126; fi ;;
*) command -v -- "$1" >/dev/null || { printf 'missing\\n' >&${controlFd}; exit 127; } ;;
esac
printf 'exec\\n' >&${controlFd}
exec ${controlFd}>&-
exec "$@"`;

const execScript = `${readEnvironment}
cd -- "$1" || exit 126
shift
exec "$@"`;

/** Names that a shell gives a meaning of its own, or refuses to assign. They go through env(1) instead. */
const shellNames = new Set(
  'BASHOPTS BASHPID BASH_ENV EUID FUNCNAME GROUPS IFS LINENO OPTARG OPTIND PPID SHELLOPTS UID ENV PS1 PS2 PS4'.split(
    ' ',
  ),
);

function isShellName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !shellNames.has(name) && !name.startsWith('BASH_');
}

/** The environment as the scripts read it: later variables win. */
export function environmentScript(env: readonly EnvironmentVariable[]): string {
  const values = new Map(env.map(({ name, value }) => [name, value.replaceAll('\0', '')]));
  const lines: string[] = ['unset PWD OLDPWD SHLVL'];
  const special: string[] = [];
  for (const [name, value] of values) {
    const word = shellQuote(`${name}=${value}`);
    if (isShellName(name)) lines.push(`export ${word.startsWith("'") ? `${name}=${shellQuote(value)}` : word}`);
    else special.push(word);
  }
  if (special.length > 0) lines.push(`set -- env ${special.join(' ')} "$@"`);
  return `${lines.join('\n')}\n`;
}
