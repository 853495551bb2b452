/** Which of a volume's mount flags a bind mount of it gets. Pure. */
import { invalid } from './checks.ts';

/** Flags that a mount has for itself; every other option belongs to a file system, and a directory has none to give it to. */
const bindFlags: ReadonlySet<string> = new Set([
  'ro',
  'rw',
  'nosuid',
  'nodev',
  'noexec',
  'noatime',
  'nodiratime',
  'relatime',
  'strictatime',
  'nosymfollow',
]);

/** An option as one word: what holds a comma, a space or starts with a dash would become something else in mount(8). */
const wellFormed = /^[A-Za-z0-9_][A-Za-z0-9_.:=/+@%-]*$/;

/** The options of the bind mount. InvalidArgument for a flag that is none. */
export function bindOptions(mountFlags: readonly string[], readonly: boolean): string[] {
  const malformed = mountFlags.find((flag) => !wellFormed.test(flag));
  if (malformed !== undefined) throw invalid('a mount flag of the volume capability is malformed');
  const flags = new Set(mountFlags.filter((flag) => bindFlags.has(flag)));
  if (readonly) flags.add('ro');
  if (flags.has('ro')) flags.delete('rw');
  return ['bind', ...flags];
}
