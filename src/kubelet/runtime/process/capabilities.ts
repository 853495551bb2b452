/** Which kernel capabilities a container has, and how setpriv(1) is told. */

const known = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
];

/** The set that Docker and containerd give to a container that asks for nothing. */
const defaults = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SYS_CHROOT',
  'MKNOD',
  'AUDIT_WRITE',
  'SETFCAP',
];

function normalise(names: readonly string[] | undefined): string[] {
  return (names ?? []).map((name) => name.toUpperCase().replace(/^CAP_/, ''));
}

/** The set of a container that is not privileged: the default, with what its securityContext drops and adds. */
export function containerCapabilities(changes: {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}): string[] {
  const add = normalise(changes.add);
  const drop = normalise(changes.drop);
  const base = drop.includes('ALL') ? [] : defaults.filter((name) => !drop.includes(name));
  const wanted = new Set(add.includes('ALL') ? known.filter((name) => !drop.includes(name)) : [...base, ...add]);
  return known.filter((name) => wanted.has(name));
}

function list(names: readonly string[]): string {
  return ['-all', ...names.map((name) => `+${name.toLowerCase()}`)].join(',');
}

/** Limits what the process and all it starts can ever have. */
export function boundingSetArgs(capabilities: readonly string[]): string[] {
  return ['--bounding-set', list(capabilities)];
}

/** What a step of the start may use although the container may not. The last step clears it. */
export function inheritableArgs(capabilities: readonly string[]): string[] {
  return ['--inh-caps', list(capabilities)];
}
